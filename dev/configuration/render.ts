import { Array as Arr, Option } from "effect"
import { describeSettings } from "../../src/config/describe.ts"
import { openTelemetryVariables } from "../../src/config/openTelemetry.ts"
import { rules } from "../../src/config/rules.ts"
import { environmentName, type NativeType, type Setting, settingsByPath } from "../../src/config/Setting.ts"
import { settings } from "../../src/config/settings.ts"
import { vaultKindsOf } from "../../src/config/vaultRules.ts"

/** The default as an environment variable's value; none if there is no default or it is not a plain value. */
export const writtenDefault = ({ fallback }: Setting<unknown>): Option.Option<string> =>
  Option.flatMap(fallback, (value) => {
    const { value: printed } = describeSettings({ value }, (text) => text)
    return Option.map(Option.fromNullable(printed), (given) => Arr.ensure(given).join(","))
  })

const code = (value: string): string => `\`${value}\``

const defaultCell = (setting: Setting<unknown>): string => {
  if (Option.isNone(setting.fallback)) return "**required**"
  return Option.match(writtenDefault(setting), {
    onNone: () => "none",
    onSome: (value) => (value === "" ? "empty" : code(value))
  })
}

const writtenInToml: Readonly<Record<NativeType, string>> = {
  string: "",
  number: "",
  boolean: "",
  list: " In the file a list of strings, in the environment separated by commas."
}

const remarks = (path: string, { isIgnored, kind }: Setting<unknown>): string =>
  [
    ...(isIgnored === true ? ["**Accepted, not used.**"] : []),
    ...(kind.isSecret === true ? ["**Secret.**"] : []),
    ...(vaultKindsOf[path] === undefined ? [] : [`Only with \`vault.kind\` ${vaultKindsOf[path].join(" or ")}.`])
  ]
    .map((remark) => `${remark} `)
    .join("")

/** Outside of code, `|` would end the table cell and `<` would start a tag. */
const cell = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("|", "\\|").replaceAll("<", "&lt;")))
    .join("")

const row = (path: string, setting: Setting<unknown>): string =>
  [
    code(path),
    code(environmentName(path)),
    cell(setting.kind.accepts),
    defaultCell(setting),
    cell(`${remarks(path, setting)}${setting.meaning}${writtenInToml[setting.kind.native]}`)
  ].join(" | ")

const variableRow = ([name, setting]: readonly [string, Setting<unknown>]): string =>
  [
    code(name),
    cell(setting.kind.accepts),
    defaultCell(setting),
    cell(`${setting.kind.isSecret === true ? "**Secret.** " : ""}${setting.meaning}`)
  ].join(" | ")

const table = (columns: ReadonlyArray<string>, rows: ReadonlyArray<string>): string =>
  [columns.join(" | "), columns.map(() => "---").join(" | "), ...rows].map((line) => `| ${line} |`).join("\n")

const sectionOf = (path: string): string => (path.includes(".") ? path.slice(0, path.indexOf(".")) : "")

const section = (name: string, entries: ReadonlyArray<readonly [string, Setting<unknown>]>): string =>
  [
    name === "" ? "## Top level" : `## \`[${name}]\``,
    table(
      ["setting", "environment", "accepts", "default", ""],
      entries.map(([path, setting]) => row(path, setting))
    )
  ].join("\n\n")

const introduction = `# Configuration

<!-- Written by \`npm run configuration\` from src/config: change the sentences there. -->

Environment first, then the file, then defaults. The file is TOML; \`--config <file>\` names it, else \`UNKEY_CONFIG\`, else there is
none. Its names are those of the Go worker, whose file is taken as it is. \`restate.http_port\` is \`http_port\` in the table
\`[restate]\` and \`WORKER_RESTATE_HTTP_PORT\` in the environment.

* Only \`\${NAME}\` inside a string of the file is replaced, by that variable, once and after parsing. A name that is not set is a problem.
* A number or a flag may also be written as a string, so that it can come through \`\${NAME}\`.
* An explicit \`0\`, \`false\` or \`""\` is a value. Empty text for a setting whose default is "none" takes away what the file says.
* A setting that is marked secret may also come from a file: \`WORKER_VAULT_TOKEN_FILE=/run/secrets/vault\` makes the content of that file the
  value of \`vault.token\`. One line break at its end is cut off. The file is read once, at the start, and is text in UTF-8 of at most 64 KiB. To set
  both variables is a problem; a file that cannot be read is one too, which quotes neither its content nor its name.
* Durations are written \`500ms\`, \`25s\`, \`1m30s\`, \`12h\`.
* Every problem of every source is reported at once, unknown names included, and the worker ends with 1. Variables that Kubernetes derives
  from a Service named \`worker\` are left alone.
* The configuration is printed once at the start, without secrets. A value marked secret is held redacted: it is in no log line, no error, no
  metric, no span and no journal. Of an address only scheme, host and port are printed; \`/…\` and \`?…\` stand for its path and its query.
* A wrong value is quoted only where it is a number or a word of a short list. Keys, addresses and free text never are.`

const addresses = `## Addresses

A parameter that is not known is refused by its name, in every address. These are known:

| address | honoured | accepted without effect |
| --- | --- | --- |
| MySQL, both forms | \`tls\` (\`false\`, \`true\`, \`preferred\`, \`skip-verify\`, or the name of a configuration, which means a checked certificate), \`ssl-mode\`, \`sslmode\`, \`sslaccept\` (\`strict\`, \`accept_invalid_certs\`), \`ssl\` (\`true\`, \`false\` or \`{"rejectUnauthorized":...}\`); \`charset\` and \`collation\`, which must be of utf8mb4 | what concerns only how a client works: \`parseTime\`, \`loc\`, \`interpolateParams\`, time limits, pool sizes and the like |
| ClickHouse | \`username\`, \`password\`, \`database\`, \`secure\`, \`skip_verify\` | buffers, compression, time limits and pool sizes of the native client |
| every other \`http://\` or \`https://\` | none, except for the ACME directory, webhooks, heartbeats and \`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT\`, which are called exactly as they are | none |

\`sslaccept=strict\`, \`tls=true\`, \`ssl=true\`, \`ssl-mode=VERIFY_CA\` and \`ssl-mode=VERIFY_IDENTITY\` all check the certificate and its name. Files of certificates
(\`sslcert\`, \`ssl-ca\`, ...) cannot be named in an address: a private authority goes into \`NODE_EXTRA_CA_CERTS\`. Two parameters that disagree about TLS are refused.
Over TLS without a check (\`preferred\`, \`required\`, \`skip-verify\`, \`accept_invalid_certs\`) a server that asks for the password as text with \`sha256_password\` or
\`mysql_clear_password\` is refused. \`caching_sha2_password\` sends it through such a connection when the server has to see it once, as every client does: only a checked
certificate keeps it from a machine in between.

A secret that would leave this machine in the clear, or to a server that is not verified, is a warning at the start (one line of the log for each setting,
\`A secret is sent without protection\`) and in \`check\`.`

/** docs/configuration.md: every setting with its names, what it accepts, its default and its sentence. */
export const renderConfiguration = (): string => {
  const groups = Map.groupBy(settingsByPath(settings), ([path]) => sectionOf(path))
  return `${[
    introduction,
    addresses,
    ...Array.from(groups, ([name, entries]) => section(name, entries)),
    "## What settings demand of each other",
    rules.map(({ sentence }) => `* ${sentence}`).join("\n"),
    "## Variables of OpenTelemetry",
    "The standard names; they have no place in the file. Variables of the standard that are not listed have no effect.",
    table(["variable", "accepts", "default", ""], Object.entries(openTelemetryVariables).map(variableRow))
  ].join("\n\n")}\n`
}
