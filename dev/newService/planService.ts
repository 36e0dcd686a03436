import { Either } from "effect"
import { NewServiceRefused, type ServiceName, serviceName } from "./ServiceName.ts"
import { guarantees, skeleton } from "./skeleton.ts"

const implementations = "src/composition/implementations.ts"
const documentOfGuarantees = "docs/guarantees.md"

/** The files that list services. */
export const lists = [implementations, documentOfGuarantees] as const

export interface NewServiceInput {
  /** Such as `DatabaseBackup`. */
  readonly name: string
  /** Texts of `lists` by path. */
  readonly files: ReadonlyMap<string, string>
  readonly exists: (path: string) => boolean
}

const refuse = (problem: string) => Either.left(new NewServiceRefused({ problem }))

/** The items with one more, before the first that comes after it in order. */
const withItem = (items: ReadonlyArray<string>, item: string, order: (item: string) => string) => {
  const next = items.findIndex((other) => order(other) > order(item))
  return items.toSpliced(next < 0 ? items.length : next, 0, item)
}

const importsOfWorkflows = /(?:^import .* from "\.\.\/workflows\/.*"\n)+/m
const pathOf = (line: string) => line.slice(line.indexOf(" from ")).toLowerCase()
const servedList = /^export const alwaysServed = \[\n([^\]]*)\n\]$/m

const withImplementation = ({ camel, pascal }: ServiceName, text: string) => {
  const workflows = `${pascal}Workflows`
  const [imports] = importsOfWorkflows.exec(text) ?? []
  const [list, entries] = servedList.exec(text) ?? []
  if (imports === undefined || list === undefined || entries === undefined)
    return Either.left("imports of ../workflows and alwaysServed")
  const line = `import { ${workflows} } from "../workflows/${camel}/${workflows}.ts"`
  const served = withItem(entries.split(/[\s,]+/).filter(Boolean), workflows, (entry) => entry)
  return Either.right(
    text
      .replace(imports, () => `${withItem(imports.trimEnd().split("\n"), line, pathOf).join("\n")}\n`)
      .replace(list, () => list.replace(entries, () => served.map((entry) => `  ${entry}`).join(",\n")))
  )
}

const sectionAfterServices = "## Builds and the vault\n"

const withGuarantees = (name: ServiceName, text: string) =>
  text.includes(`\n${sectionAfterServices}`)
    ? Either.right(text.replace(`\n${sectionAfterServices}`, () => `\n${guarantees(name)}${sectionAfterServices}`))
    : Either.left(sectionAfterServices.trim())

/** Every file that a new service touches, with its text. */
export const planService = ({ exists, files, name: given }: NewServiceInput) =>
  Either.gen(function* () {
    const name = yield* serviceName(given)
    const created = skeleton(name)
    const taken = [...created.keys()].filter(exists)
    if (taken.length > 0) return yield* refuse(`${taken.join(", ")} is there already`)
    const edited = (path: string, edit: (text: string) => Either.Either<string, string>) =>
      Either.mapLeft(
        edit(files.get(path) ?? ""),
        (missing) => new NewServiceRefused({ problem: `${path} has no place for it: ${missing}` })
      )
    return new Map([
      ...created,
      [implementations, yield* edited(implementations, (text) => withImplementation(name, text))],
      [documentOfGuarantees, yield* edited(documentOfGuarantees, (text) => withGuarantees(name, text))]
    ])
  })
