import { setImmediate } from "node:timers/promises"
import ts from "typescript"
import { root } from "./RepositoryProgram.ts"

/** Allowed places outside of src/text that cut text by position or decode bytes, with the reason. */
export const knownCuts: Readonly<Record<string, string>> = {
  "src/cli/buildReport.ts": "the time of day of an ISO instant",
  "src/config/MysqlAddress.ts": "parts of an address, between separators",
  "src/config/openTelemetry.ts": "parts of a pair, between separators",
  "src/contract/schedules.ts": "the date of an ISO instant",
  "src/layers/restateAdmin/InvocationDetailsHttp.ts": "a message that stands twice, once",
  "src/layers/restateAdmin/InvocationWatch.ts": "a service's name, up to the slash",
  "src/layers/telemetry/Telemetry.ts": "digits of a trace's id",
  "src/layers/builder/authorizeClone.ts": "pkt-lines of git: hexadecimal and keywords",
  "src/layers/builder/buildkit/solve.ts": "a type's name between separators; a detail of gRPC, whole",
  "src/layers/builder/redaction.ts":
    "what stands before, between and behind the places of a secret, of which all is kept",
  "src/layers/builder/registryAccess.ts": "an answer, whole",
  "src/layers/builder/sandboxName.ts": "digits of a digest",
  "src/layers/vault/local/envelope.ts": "a plaintext, whole",
  "src/layers/mysql/classifySqlError.ts": "the class of an SQLSTATE: two characters of five, ASCII",
  "src/names/DomainName.ts": "two characters of a label of ASCII",
  "src/names/imageReference.ts": "a host, up to the slash",
  "src/workflows/deploy/build/builtImage.ts": "a reference, up to its tag",
  "src/workflows/deploy/domains.ts": "a label of ASCII letters, digits and hyphens; a name up to the dot",
  "src/workflows/deploy/slug.ts": "a label of ASCII letters, digits and hyphens",
  "src/workflows/deploy/stepError.ts": "up to a space or a line break",
  "src/workflows/domainProof/decideProof.ts": "the date of an ISO instant"
}

const cuts = new Set(["slice", "substring", "substr"])

const isText = (type: ts.Type): boolean => (type.flags & (ts.TypeFlags.String | ts.TypeFlags.StringLiteral)) !== 0

/** `[...text]`: characters, used only for cutting. */
const isSpreadText = (checker: ts.TypeChecker, node: ts.Expression): boolean =>
  ts.isArrayLiteralExpression(node) &&
  node.elements.some((element) => ts.isSpreadElement(element) && isText(checker.getTypeAtLocation(element.expression)))

/** A prefix or suffix of fixed length; `slice(at)` alone drops an already matched part. */
const isCut = (checker: ts.TypeChecker, { arguments: given }: ts.CallExpression, of: ts.Expression): boolean =>
  isSpreadText(checker, of) ||
  (isText(checker.getTypeAtLocation(of)) &&
    (given.length > 1 || (given[0] !== undefined && ts.isPrefixUnaryExpression(given[0]))))

/** Base64, hexadecimal and Latin-1 have no multi-byte characters. */
const isBytesAsText = (checker: ts.TypeChecker, { arguments: [encoding] }: ts.CallExpression, of: ts.Expression) =>
  (encoding === undefined || !ts.isStringLiteral(encoding) || encoding.text.startsWith("utf")) &&
  checker.typeToString(checker.getTypeAtLocation(of)).startsWith("Buffer")

/** The files of `src`, outside of `src/text`, that cut text by position or decode bytes. Yields between files: the runner considers a worker without messages for a minute dead. */
export const filesThatCut = async (program: ts.Program): Promise<ReadonlySet<string>> => {
  const checker = program.getTypeChecker()
  const found = new Set<string>()
  const visit = (file: string) => (node: ts.Node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression: of, name } = node.expression
      if (cuts.has(name.text) && isCut(checker, node, of)) found.add(file)
      if (name.text === "toString" && isBytesAsText(checker, node, of)) found.add(file)
    }
    ts.forEachChild(node, visit(file))
  }
  for (const source of program.getSourceFiles()) {
    await setImmediate()
    const file = source.fileName.slice(root.length)
    if (source.fileName.startsWith(`${root}src/`) && !file.startsWith("src/text/")) ts.forEachChild(source, visit(file))
  }
  return found
}
