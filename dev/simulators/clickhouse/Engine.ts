import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Session } from "chdb"
import type { HttpStatement } from "./HttpStatement.ts"

export type Answer =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly code: number; readonly message: string }

export interface EngineOptions {
  /** An empty folder of the engine's own. */
  readonly folder: string
  /** Users that statements may refer to: the engine has no place to store new ones. */
  readonly users: ReadonlyArray<string>
}

const userXml = (name: string, access = "") =>
  `<${name}><password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>${access}</${name}>`

/** Access management must be switched on by a configuration: only then are CREATE USER and its like analysed at all. */
const writeConfiguration = ({ folder, users }: EngineOptions): string => {
  mkdirSync(folder, { recursive: true })
  const usersFile = join(folder, "users.xml")
  const configFile = join(folder, "config.xml")
  const admin = userXml("default", "<access_management>1</access_management>")
  const others = users.map((name) => userXml(name)).join("")
  writeFileSync(
    usersFile,
    `<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users>${admin}${others}</users></clickhouse>`
  )
  writeFileSync(configFile, `<clickhouse><users_config>${usersFile}</users_config></clickhouse>`)
  return configFile
}

/**
 * The engine parses such a statement, resolves every name in it and checks the rights of whoever asks; then it finds no place
 * to store users (514) or only the file above (495). Both say that a server would have done it.
 */
const validButNotStored: ReadonlySet<number> = new Set([514, 495])

const quotedText = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`
const settingText = (value: string): string => (/^-?\d+(\.\d+)?$/.test(value) ? value : quotedText(value))

const statementText = ({ settings, text }: HttpStatement): string => {
  if (settings.size === 0 || !/^(SELECT|WITH)\s/i.test(text)) return text
  return `${text} SETTINGS ${Array.from(settings, ([name, value]) => `${name}=${settingText(value)}`).join(", ")}`
}

/** ClickHouse's engine in this process, one statement at a time: parameters belong to its one session. */
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
      // The binding has no code of its own to offer.
      const code = Number(/^Code: (\d+)/.exec(message)?.[1] ?? 1002)
      return validButNotStored.has(code) ? { ok: true, body: new Uint8Array() } : { ok: false, code, message }
    }
  }
}
