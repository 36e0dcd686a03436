import { randomBytes } from "node:crypto"

export interface TokenOptions {
  /** TTL of each lease in seconds. Zero: does not expire. */
  readonly ttl: number
  /** Maximum TTL in seconds. Default: none. */
  readonly maxTtl?: number
  readonly renewable?: boolean
}

interface Token {
  readonly ttl: number
  readonly renewable: boolean
  /** Expiry in Unix milliseconds; infinite for a token that does not expire. */
  readonly endsAt: number
  readonly lastEnd: number
}

/** Lookup and lease data of a token; seconds. */
export interface TokenFacts {
  readonly ttl: number
  readonly renewable: boolean
}

const facts = ({ endsAt, renewable }: Token, now: number): TokenFacts => ({
  ttl: Number.isFinite(endsAt) ? Math.max(0, Math.floor((endsAt - now) / 1_000)) : 0,
  renewable
})

/** The tokens of one Vault. The caller passes the current time. */
export class VaultTokens {
  readonly #tokens = new Map<string, Token>()

  create({ maxTtl = Number.POSITIVE_INFINITY, renewable = true, ttl }: TokenOptions, now: number): string {
    const token = `hvs.${randomBytes(24).toString("base64url")}`
    const lastEnd = now + maxTtl * 1_000
    const endsAt = ttl === 0 ? Number.POSITIVE_INFINITY : Math.min(now + ttl * 1_000, lastEnd)
    this.#tokens.set(token, { ttl, renewable: renewable && ttl > 0, endsAt, lastEnd })
    return token
  }

  /** A predefined token; it does not expire. */
  trust(token: string): void {
    this.#tokens.set(token, {
      ttl: 0,
      renewable: false,
      endsAt: Number.POSITIVE_INFINITY,
      lastEnd: Number.POSITIVE_INFINITY
    })
  }

  /** None for an unknown, revoked or expired token. */
  lookUp(token: string, now: number): TokenFacts | undefined {
    const found = this.#tokens.get(token)
    return found === undefined || found.endsAt <= now ? undefined : facts(found, now)
  }

  renew(token: string, now: number): TokenFacts | undefined {
    const found = this.#tokens.get(token)
    if (found === undefined || found.endsAt <= now || !found.renewable) return undefined
    const renewed = { ...found, endsAt: Math.min(now + found.ttl * 1_000, found.lastEnd) }
    this.#tokens.set(token, renewed)
    return facts(renewed, now)
  }

  revokeAll(): void {
    this.#tokens.clear()
  }

  /** Tokens issued and not revoked. */
  get size(): number {
    return this.#tokens.size
  }
}
