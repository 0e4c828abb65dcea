import type { Disk } from "./disk.js";
import type { Figures } from "./figures.js";

/** Above this the generator may be what was measured. */
const busyGeneratorCores = 0.7;

/** Above this the machine had other work to do. */
const busyNeighbourCores = 0.2;

/** What speaks against the figures. */
export function warningsOf(contenders: readonly Figures[], disk: Disk | undefined): string[] {
  const warnings: string[] = [];
  for (const { name, generatorCores, otherCores } of contenders) {
    if (generatorCores.max > busyGeneratorCores) {
      warnings.push(`with ${name} the load generator was busy itself: the rate may be its own`);
    }
    if (otherCores && otherCores.max > busyNeighbourCores) {
      warnings.push(
        `with ${name} other processes took up to ${otherCores.max.toFixed(1)} cores: repeat on a quiet machine`,
      );
    }
  }
  if (disk?.fileSystem === "tmpfs") warnings.push("the log is in memory: fsync cost nothing");
  return warnings;
}
