import { glob, readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Schema } from "effect"
import lock from "../../../package-lock.json" with { type: "json" }

const LockedPackage = Schema.Struct({
  version: Schema.String,
  integrity: Schema.optional(Schema.String),
  dev: Schema.optional(Schema.Boolean)
})
const Locked = Schema.decodeUnknownSync(Schema.Record({ key: Schema.String, value: Schema.partial(LockedPackage) }))(
  lock.packages
)

/** One package that must be in a bill of materials: `name@version` and its SHA-512, in hexadecimal. */
export interface ExpectedComponent {
  readonly reference: string
  readonly sha512: string
}

const nameOf = (folder: string) => folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length)

/**
 * What package-lock.json says of each package whose manifest lies below the folder, sorted. Throws for one that it does not
 * have at this place, has for development only, or has in another version.
 */
export const lockedPackagesIn = async (folder: string): Promise<ReadonlyArray<ExpectedComponent>> => {
  const found = new Map<string, ExpectedComponent>()
  for await (const file of glob("node_modules/**/package.json", { cwd: folder })) {
    const place = dirname(file)
    const entry = Locked[place]
    const { version } = JSON.parse(await readFile(join(folder, file), "utf8"))
    if (entry === undefined || entry.dev === true || entry.version !== version)
      throw new Error(`${place} ${version}: package-lock.json has ${JSON.stringify(entry)}`)
    const reference = `${nameOf(place)}@${version}`
    const sha512 = Buffer.from((entry.integrity ?? "").replace(/^sha512-/, ""), "base64").toString("hex")
    found.set(reference, { reference, sha512 })
  }
  return [...found.values()].sort((a, b) => (a.reference < b.reference ? -1 : 1))
}

const Bill = Schema.parseJson(
  Schema.Struct({
    bomFormat: Schema.Literal("CycloneDX"),
    components: Schema.Array(
      Schema.Struct({
        "bom-ref": Schema.String,
        type: Schema.String,
        purl: Schema.String,
        hashes: Schema.optionalWith(Schema.Array(Schema.Struct({ alg: Schema.String, content: Schema.String })), {
          default: () => []
        })
      })
    ),
    dependencies: Schema.Array(Schema.Struct({ ref: Schema.String, dependsOn: Schema.Array(Schema.String) }))
  })
)

export const readBill = async (file: string) => Schema.decodeSync(Bill)(await readFile(file, "utf8"))

/** The packages of npm in a bill of materials, sorted. */
export const packagesOf = ({ components }: typeof Bill.Type): ReadonlyArray<ExpectedComponent> =>
  components
    .filter(({ purl }) => purl.startsWith("pkg:npm/"))
    .map((component) => ({
      reference: component["bom-ref"],
      sha512: component.hashes.find(({ alg }) => alg === "SHA-512")?.content ?? "none"
    }))
    .sort((a, b) => (a.reference < b.reference ? -1 : 1))
