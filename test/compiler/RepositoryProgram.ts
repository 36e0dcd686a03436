import { fileURLToPath } from "node:url"
import ts from "typescript"

export const root = fileURLToPath(new URL("../../", import.meta.url))

/** Sources that no file holds, such as the code blocks of a document, by the path they are compiled as. */
export type Snippets = ReadonlyMap<string, string>

/** The sources as if each were a file in this folder of the repository, which `name` tells from those of other callers. */
export const snippetsIn = (folder: string, name: string, sources: ReadonlyArray<string>): Snippets =>
  new Map(sources.map((source, at) => [`${root}${folder}/${name}-${at}.ts`, source]))

/** The compiler's view of `src` and the snippets. Parsing and binding all they import takes seconds: make one for all questions. */
export const repositoryService = (snippets: Snippets): ts.LanguageService => {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile)
  const { fileNames, options } = ts.parseJsonConfigFileContent({ ...config, include: ["src"] }, ts.sys, root)
  const textOf = (file: string) => snippets.get(file) ?? ts.sys.readFile(file)
  return ts.createLanguageService({
    getCompilationSettings: () => ({ ...options, incremental: false, noUnusedLocals: false }),
    getScriptFileNames: () => [...fileNames, ...snippets.keys()],
    getScriptVersion: () => "0",
    getScriptSnapshot: (file) => {
      const text = textOf(file)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (file) => snippets.has(file) || ts.sys.fileExists(file),
    readFile: textOf,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories
  })
}

/** The program of a service that has one. */
export const programOf = (service: ts.LanguageService): ts.Program => {
  const program = service.getProgram()
  if (program === undefined) throw new Error("the language service has no program")
  return program
}

/** The whole text of what the compiler says about each of these files, in order. */
export const complaintsAbout = (program: ts.Program, files: Iterable<string>): ReadonlyArray<string> =>
  [...files].map((file) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))
      .join("\n")
  )
