import { build, type BuildOptions } from "esbuild";

/** What a bundler makes of a module for browsers: fails when it needs anything of Node's. */
export async function bundleForBrowsers(entry: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...entry,
    ...{ bundle: true, write: false, minify: true, logLevel: "silent" },
    ...{ platform: "browser", format: "esm", target: "es2022" },
  });
  const [file] = outputFiles ?? [];
  if (!file) throw new Error("nothing was bundled");
  return file.text;
}
