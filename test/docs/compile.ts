import { fileURLToPath } from "node:url"
import ts from "typescript"

const root = fileURLToPath(new URL("../../", import.meta.url))

const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)

/** The whole text of what the compiler says about each of the sources, as if each were a file in this folder of the repository. */
export const complaintsAbout = (folder: string, sources: ReadonlyArray<string>): ReadonlyArray<string> => {
  const files = new Map(sources.map((source, at) => [`${root}${folder}/source-${at}.ts`, source]))
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  host.getSourceFile = (name, ...rest) => {
    const source = files.get(name)
    return source === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, source, ts.ScriptTarget.Latest)
  }
  const program = ts.createProgram([...files.keys()], { ...options, incremental: false, noUnusedLocals: false }, host)
  return [...files.keys()].map((name) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(name))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))
      .join("\n")
  )
}
