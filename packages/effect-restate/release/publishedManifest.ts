/** What both manifests say, and what is rewritten between them. */
export interface WorkspaceManifest {
  readonly private: true
  /** Each entry is a source file, `./src/<name>.ts`. */
  readonly exports: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
}

export interface PublishedExport {
  readonly types: string
  readonly default: string
}

/**
 * What users of the package need. Not in the workspace's manifest: there npm would warn on every machine whose own Node is
 * older, although it installs Node 24 for the scripts.
 */
const engines = { node: ">=24" }

const sourceFile = /^\.\/src\/(.+)\.ts$/

const compiled = ([entry, source]: readonly [string, string]): readonly [string, PublishedExport] => {
  const name = sourceFile.exec(source)?.[1]
  if (name === undefined) throw new TypeError(`${entry} leads to ${source}, which is not a source file`)
  // Conditions are tried in order, so the types stand first.
  return [entry, { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` }]
}

/**
 * The manifest that is published, made of the workspace's. In the repository every entry is a source file, so that nothing is
 * built before it is used; npm has no field that replaces `exports` when it packs.
 */
export const publishedManifest = <M extends WorkspaceManifest>(manifest: M) => {
  const { exports, private: _, scripts: __, ...kept } = manifest
  return {
    ...kept,
    engines,
    exports: { ...Object.fromEntries(Object.entries(exports).map(compiled)), "./package.json": "./package.json" },
    files: ["dist", "src", "lint", "docs", "examples", "CHANGELOG.md"]
  }
}
