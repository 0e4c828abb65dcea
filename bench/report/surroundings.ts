import type { Disk } from "./disk.js";
import type { Machine } from "./machine.js";

/** Where something was measured, line by line: what every report begins with. */
export function surroundings({
  machine,
  store,
}: {
  readonly machine: Machine;
  readonly store: {
    readonly name: string;
    readonly durability: string;
    readonly disk: Disk | undefined;
  };
}): [string, string][] {
  const { cpu, cores, memoryGiB, system, node } = machine;
  const { disk } = store;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    ["machine", `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}`],
    ["versions", `Node ${node}, ${versions.join(", ")}`],
    ["commit", machine.commit],
    ["store", `${store.name}: ${store.durability}`],
    ...(disk ? [diskLine(disk)] : []),
  ];
}

function diskLine({ folder, fileSystem, syncMs }: Disk): [string, string] {
  const sync = `writing 4 KiB and fdatasync: ${syncMs.toFixed(2)} ms`;
  return ["disk", `${folder}, ${fileSystem}, ${sync}`];
}
