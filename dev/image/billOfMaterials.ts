/** The fields of a CycloneDX 1.5 document that are used; others are kept. */
export interface BillOfMaterials {
  readonly serialNumber?: string
  readonly metadata: { readonly timestamp?: string; readonly component: { readonly "bom-ref": string } }
  readonly components: ReadonlyArray<{ readonly "bom-ref": string }>
  readonly dependencies: ReadonlyArray<{ readonly ref: string; readonly dependsOn?: ReadonlyArray<string> }>
}

/** A package as npm names it in a bill of materials: `name@version`. */
export type PackageReference = string

const nodeComponent = (version: string) => ({
  "bom-ref": `node@${version}`,
  type: "platform",
  name: "node",
  version,
  purl: `pkg:generic/node@${version}`,
  cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`
})

export interface Bundle {
  /** The name of the bundle; npm would use the folder's. */
  readonly name: string
  readonly packages: ReadonlyArray<PackageReference>
  readonly node: string
}

/** Bundled packages that are missing in the document. */
export const unknownPackages = (all: BillOfMaterials, { packages }: Pick<Bundle, "packages">) => {
  const known = new Set(all.components.map((component) => component["bom-ref"]))
  return packages.filter((reference) => !known.has(reference))
}

/**
 * The bill of materials of a bundle, from that of the lock file: its packages and Node only. Without timestamp and serial
 * number, so that equal sources give an equal document.
 */
export const billOfBundle = (all: BillOfMaterials, { name, node, packages }: Bundle) => {
  const { serialNumber: _, ...document } = all
  const { timestamp: __, ...metadata } = all.metadata
  const root = metadata.component["bom-ref"]
  const kept = new Set([root, ...packages])
  const runtime = nodeComponent(node)
  const edges = all.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ dependsOn = [], ref }) => {
      const inBundle = dependsOn.filter((it) => kept.has(it))
      return { ref, dependsOn: ref === root ? [...inBundle, runtime["bom-ref"]] : inBundle }
    })
  return {
    ...document,
    metadata: { ...metadata, component: { ...metadata.component, name } },
    components: [...all.components.filter((component) => kept.has(component["bom-ref"])), runtime],
    dependencies: [...edges, { ref: runtime["bom-ref"], dependsOn: [] }]
  }
}
