import { copyFile, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { type BuildOptions, build } from "esbuild"

/** The sources of the operator's console. */
export const consolePage = "src/console/page"

/** For browsers of the last two years: CSS nesting, `<dialog>`, `toSorted`. */
const target = ["chrome120", "firefox121", "safari17.2"]

/** How a page's folder with `main.tsx` and `style.css` becomes `main.js` and `style.css`. */
export const pageBuild = (source: string) =>
  ({
    entryPoints: { main: join(source, "main.tsx"), style: join(source, "style.css") },
    outdir: source,
    bundle: true,
    format: "esm",
    target,
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    // Licences are kept beside the bundle.
    legalComments: "none",
    metafile: true,
    logLevel: "silent"
  }) satisfies BuildOptions

/** Writes the console's files. Answers with the files that it is made of. */
export const bundleConsole = async (folder: string): Promise<ReadonlyArray<string>> => {
  await mkdir(folder, { recursive: true })
  const { metafile } = await build({ ...pageBuild(consolePage), outdir: folder })
  await copyFile(join(consolePage, "index.html"), join(folder, "index.html"))
  return Object.keys(metafile.inputs)
}
