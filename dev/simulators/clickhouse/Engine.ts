import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Session } from "chdb"
import type { HttpStatement } from "./HttpStatement.ts"

export type Answer =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly code: number; readonly message: string }

/** A setting of the engine's only user, with the range that statements may choose from; without a range it is constant. */
export interface EngineLimit {
  readonly setting: string
  readonly value: string
  readonly range?: { readonly least: string; readonly most: string }
}

export interface EngineOptions {
  /** An empty folder for the engine. */
  readonly folder: string
  /** Limits in the profile of the engine's user. */
  readonly limits?: ReadonlyArray<EngineLimit>
  /** Predefined users that statements may name: the engine cannot store new ones. */
  readonly users: ReadonlyArray<string>
}

const userXml = (name: string, access = "") =>
  `<${name}><password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>${access}</${name}>`

const profileXml = (limits: ReadonlyArray<EngineLimit>): string => {
  const values = limits.map(({ setting, value }) => `<${setting}>${value}</${setting}>`)
  const constraints = limits.map(({ range, setting }) => {
    const constraint = range === undefined ? "<readonly/>" : `<min>${range.least}</min><max>${range.most}</max>`
    return `<${setting}>${constraint}</${setting}>`
  })
  return `<default>${values.join("")}<constraints>${constraints.join("")}</constraints></default>`
}

/** The configuration must enable access management: only then does the engine analyse CREATE USER and similar statements. */
const writeConfiguration = ({ folder, limits = [], users }: EngineOptions): string => {
  mkdirSync(folder, { recursive: true })
  const usersFile = join(folder, "users.xml")
  const configFile = join(folder, "config.xml")
  const admin = userXml("default", "<access_management>1</access_management>")
  const others = users.map((name) => userXml(name)).join("")
  writeFileSync(
    usersFile,
    `<clickhouse><profiles>${profileXml(limits)}</profiles><quotas><default/></quotas><users>${admin}${others}</users></clickhouse>`
  )
  writeFileSync(configFile, `<clickhouse><users_config>${usersFile}</users_config></clickhouse>`)
  return configFile
}

/**
 * The engine parses such a statement, resolves its names and checks the user's grants; then it finds no writable user storage
 * (514), or only the file above (495). Both mean that a server would have executed it.
 */
const validButNotStored: ReadonlySet<number> = new Set([514, 495])

const quotedText = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`
const settingText = (value: string): string => (/^-?\d+(\.\d+)?$/.test(value) ? value : quotedText(value))

/**
 * The engine ignores `access_control_improvements`, without which it rejects this one constraint (48), while the servers'
 * default configuration allows it. The rest of the statement is analysed.
 */
const analysable = (text: string): string =>
  text.startsWith("CREATE SETTINGS PROFILE") ? text.replaceAll(" CHANGEABLE_IN_READONLY", "") : text

const statementText = ({ settings, text: given }: HttpStatement): string => {
  const text = analysable(given)
  if (settings.size === 0 || !/^(SELECT|WITH)\s/i.test(text)) return text
  return `${text} SETTINGS ${Array.from(settings, ([name, value]) => `${name}=${settingText(value)}`).join(", ")}`
}

/** ClickHouse's embedded engine, one statement at a time, because parameters belong to its only session. */
export class Engine {
  readonly #session: Session
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: EngineOptions) {
    const configFile = writeConfiguration(options)
    this.#session = new Session(join(options.folder, "data"), { connectionArgs: [`--config-file=${configFile}`] })
  }

  run(statement: HttpStatement): Promise<Answer> {
    const answer = this.#last.then(() => this.#execute(statement))
    this.#last = answer
    return answer
  }

  close(): void {
    this.#session.close()
  }

  async #execute(statement: HttpStatement): Promise<Answer> {
    try {
      const parameters = Array.from(statement.parameters, ([name, value]) => `${name}=${quotedText(value)}`)
      if (parameters.length > 0) await this.#session.queryAsync(`SET ${parameters.join(", ")}`)
      const rows = statement.data.length === 0 ? "" : `\n${statement.data.toString()}`
      const result = await this.#session.queryAsync(statementText(statement) + rows, { format: statement.format })
      return { ok: true, body: result.bytes() }
    } catch (error) {
      const message = String(error instanceof Error ? error.message : error).replace(/^Query failed: /, "")
      // The binding provides no error code.
      const code = Number(/^Code: (\d+)/.exec(message)?.[1] ?? 1002)
      return validButNotStored.has(code) ? { ok: true, body: new Uint8Array() } : { ok: false, code, message }
    }
  }
}
