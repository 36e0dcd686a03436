import { randomBytes } from "node:crypto"
import { TransitKeys } from "./TransitKeys.ts"
import { type TokenOptions, VaultTokens } from "./VaultTokens.ts"

export interface VaultRequest {
  readonly method: string
  readonly path: string
  readonly namespace: string
  readonly token: string | undefined
  readonly body: Readonly<Record<string, unknown>>
}

export interface VaultAnswer {
  readonly status: number
  readonly json: unknown
}

const failure = (status: number, ...errors: ReadonlyArray<string>): VaultAnswer => ({ status, json: { errors } })
const success = (json: unknown): VaultAnswer => ({ status: 200, json })
const denied = failure(403, "permission denied")

/** A login that a role allows: required fields, and the token it returns. */
interface Role {
  readonly mount: string
  readonly expected: Readonly<Record<string, string>>
  readonly token: TokenOptions
}

const field = (body: VaultRequest["body"], name: string): string => {
  const value = body[name]
  return typeof value === "string" ? value : ""
}

/** State and responses of a Vault with a transit engine and AppRole and Kubernetes logins. */
export class VaultState {
  readonly tokens = new VaultTokens()
  sealed = false
  /** The transit engine's `disable_upsert`: encrypting does not create a key. */
  upsertDisabled = false
  /** Vault before 1.13 ignores the field, like every unknown field. */
  ignoresAssociatedData = false
  /** Paths that no token's policy allows. */
  forbidden: string | undefined
  readonly #roles: Array<Role> = []
  readonly #engines = new Map<string, TransitKeys>()
  readonly #mount: string

  constructor(mount: string) {
    this.#mount = mount
  }

  allowAppRole(mount: string, token: TokenOptions) {
    const expected = { role_id: randomBytes(8).toString("hex"), secret_id: randomBytes(16).toString("hex") }
    this.#roles.push({ mount, expected, token })
    return { roleId: expected.role_id, secretId: expected.secret_id }
  }

  allowServiceAccount(mount: string, role: string, jwt: string, token: TokenOptions): void {
    this.#roles.push({ mount, expected: { role, jwt }, token })
  }

  /** Each namespace has its own engine and keys. */
  keys(namespace: string): TransitKeys {
    const known = this.#engines.get(namespace) ?? new TransitKeys()
    this.#engines.set(namespace, known)
    return known
  }

  answer(request: VaultRequest, now: number): VaultAnswer {
    const { path } = request
    if (path === "sys/health")
      return { status: this.sealed ? 503 : 200, json: { initialized: true, sealed: this.sealed } }
    if (this.sealed) return failure(503, "Vault is sealed")
    const mount = /^auth\/(.+)\/login$/.exec(path)?.[1]
    if (mount !== undefined) return this.#logIn(mount, request.body, now)
    if (request.token === undefined) return failure(400, "missing client token")
    const facts = this.tokens.lookUp(request.token, now)
    if (facts === undefined) return denied
    if (path === "auth/token/lookup-self")
      return success({ data: { id: request.token, policies: ["worker"], ...facts } })
    if (path === "auth/token/renew-self") return this.#renew(request.token, now)
    if (this.forbidden !== undefined && path.startsWith(this.forbidden)) return denied
    return path.startsWith(`${this.#mount}/`)
      ? this.#transit(request, path.slice(this.#mount.length + 1))
      : failure(404, `no handler for route "${path}". route entry not found.`)
  }

  #lease(token: string, facts: { readonly ttl: number; readonly renewable: boolean }): VaultAnswer {
    return success({ auth: { client_token: token, lease_duration: facts.ttl, renewable: facts.renewable } })
  }

  #logIn(mount: string, body: VaultRequest["body"], now: number): VaultAnswer {
    const roles = this.#roles.filter((role) => role.mount === mount)
    if (roles.length === 0) return failure(404, `no handler for route "auth/${mount}/login". route entry not found.`)
    const role = roles.find(({ expected }) =>
      Object.entries(expected).every(([name, value]) => field(body, name) === value)
    )
    if (role === undefined) return "jwt" in body ? denied : failure(400, "invalid role or secret ID")
    const token = this.tokens.create(role.token, now)
    return this.#lease(token, this.tokens.lookUp(token, now) ?? { ttl: 0, renewable: false })
  }

  #renew(token: string, now: number): VaultAnswer {
    const facts = this.tokens.renew(token, now)
    return facts === undefined ? failure(400, "lease is not renewable") : this.#lease(token, facts)
  }

  #transit({ body, method, namespace }: VaultRequest, path: string): VaultAnswer {
    const [operation = "", name = "", ...rest] = path.split("/")
    if (method !== "POST" || rest.length > 0 || name === "") return failure(405, "unsupported operation")
    const keys = this.keys(namespace)
    const associatedData = this.ignoresAssociatedData ? "" : field(body, "associated_data")
    switch (operation) {
      case "keys":
        keys.create(name)
        return success({ data: { name, type: "aes256-gcm96" } })
      case "encrypt": {
        if (!this.upsertDisabled) keys.create(name)
        const ciphertext = keys.encrypt(name, field(body, "plaintext"), associatedData)
        return ciphertext === undefined ? failure(400, "encryption key not found") : success({ data: { ciphertext } })
      }
      case "decrypt": {
        const opened = keys.decrypt(name, field(body, "ciphertext"), associatedData)
        return "refusal" in opened ? failure(400, opened.refusal) : success({ data: opened })
      }
      default:
        return failure(404, "unsupported path")
    }
  }
}
