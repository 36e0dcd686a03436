import ts from "typescript"
import { tomlName } from "../../src/config/Setting.ts"
import { programOf, root } from "./RepositoryProgram.ts"

const settingsFile = `${root}src/config/settings.ts`
/** Where settings become the configuration: what is only handed on there has not been used. */
const assemblyFile = `${root}src/config/assemble.ts`

/** Every property of an object literal with its path, leaves only: what is neither an object literal nor the name of one. */
const leavesOf = (
  checker: ts.TypeChecker,
  node: ts.ObjectLiteralExpression,
  prefix = ""
): ReadonlyArray<readonly [path: string, name: ts.Node]> =>
  node.properties.flatMap((property): ReadonlyArray<readonly [string, ts.Node]> => {
    if (property.name === undefined) return []
    const path = `${prefix}${tomlName(property.name.getText())}`
    const section = ts.isShorthandPropertyAssignment(property)
      ? importedLiteral(checker, property)
      : initializerOf(property)
    return section !== undefined && ts.isObjectLiteralExpression(section)
      ? leavesOf(checker, section, `${path}.`)
      : [[path, property.name]]
  })

const initializerOf = (node: ts.Node): ts.Expression | undefined =>
  ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) ? node.initializer : undefined

/** The value of a section that is declared in a file of its own. */
const importedLiteral = (checker: ts.TypeChecker, property: ts.ShorthandPropertyAssignment) => {
  const imported = checker.getShorthandAssignmentValueSymbol(property)
  const declaration = imported === undefined ? undefined : checker.getAliasedSymbol(imported).valueDeclaration
  return declaration === undefined ? undefined : initializerOf(declaration)
}

const literalNamed = (file: ts.SourceFile, name: string): ts.ObjectLiteralExpression => {
  for (const statement of file.statements)
    if (ts.isVariableStatement(statement))
      for (const { initializer, name: declared } of statement.declarationList.declarations)
        if (declared.getText() === name && initializer !== undefined && ts.isObjectLiteralExpression(initializer))
          return initializer
  throw new Error(`${file.fileName} declares no ${name}`)
}

/** The properties whose value a position is part of, from the innermost outwards. */
const enclosingProperties = (node: ts.Node, position: number): ReadonlyArray<ts.PropertyAssignment> =>
  ts.forEachChild(node, (child) => {
    if (position < child.getStart() || position >= child.getEnd()) return undefined
    const inner = enclosingProperties(child, position)
    return ts.isPropertyAssignment(child) ? [...inner, child] : inner
  }) ?? []

/**
 * Answers which settings the program reads, as the compiler sees it: a setting is read when its property, or the property that
 * the assembly of the configuration hands its value on under, is named anywhere else.
 */
export class SettingReaders {
  readonly #service: ts.LanguageService
  readonly #names: ReadonlyMap<string, ts.Node>

  constructor(service: ts.LanguageService) {
    this.#service = service
    this.#names = new Map(this.#declared())
  }

  isRead(path: string): boolean {
    const name = this.#names.get(path)
    return name !== undefined && this.#isReferenced(name)
  }

  #declared() {
    const program = programOf(this.#service)
    const file = program.getSourceFile(settingsFile)
    if (file === undefined) throw new Error(`${settingsFile} is not part of the program`)
    return leavesOf(program.getTypeChecker(), literalNamed(file, "settings"))
  }

  #isReferenced(name: ts.Node): boolean {
    const declaring = name.getSourceFile().fileName
    const found = this.#service.findReferences(declaring, name.getStart()) ?? []
    return found
      .flatMap(({ references }) => references)
      .filter(({ fileName }) => fileName !== declaring)
      .some(({ fileName, textSpan }) => fileName !== assemblyFile || this.#isHandedOn(textSpan.start))
  }

  /** In the assembly: whether what is made of the value there is used, by its own name or as a part of what a call makes of it. */
  #isHandedOn(position: number): boolean {
    const file = programOf(this.#service).getSourceFile(assemblyFile)
    const [own, ...around] = file === undefined ? [] : enclosingProperties(file, position)
    if (own === undefined) return true
    const [whole] = around.filter(({ initializer }) => ts.isCallExpression(initializer))
    return this.#isReferenced(own.name) || (whole !== undefined && this.#isReferenced(whole.name))
  }
}
