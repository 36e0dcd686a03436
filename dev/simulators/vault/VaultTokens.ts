import { randomBytes } from "node:crypto"

export interface TokenOptions {
  /** Seconds, of each lease. Zero: it does not end. */
  readonly ttl: number
  /** Seconds after which no renewal helps. Default: no such bound. */
  readonly maxTtl?: number
  readonly renewable?: boolean
}

interface Token {
  readonly ttl: number
  readonly renewable: boolean
  /** Unix milliseconds; infinite for a token that does not end. */
  readonly endsAt: number
  readonly lastEnd: number
}

/** What a lookup and a lease tell of a token; seconds. */
export interface TokenFacts {
  readonly ttl: number
  readonly renewable: boolean
}

const facts = ({ endsAt, renewable }: Token, now: number): TokenFacts => ({
  ttl: Number.isFinite(endsAt) ? Math.max(0, Math.floor((endsAt - now) / 1_000)) : 0,
  renewable
})

/** The tokens of one Vault. Instants are given by the caller, who knows what time it is. */
export class VaultTokens {
  readonly #tokens = new Map<string, Token>()

  create({ maxTtl = Number.POSITIVE_INFINITY, renewable = true, ttl }: TokenOptions, now: number): string {
    const token = `hvs.${randomBytes(24).toString("base64url")}`
    const lastEnd = now + maxTtl * 1_000
    const endsAt = ttl === 0 ? Number.POSITIVE_INFINITY : Math.min(now + ttl * 1_000, lastEnd)
    this.#tokens.set(token, { ttl, renewable: renewable && ttl > 0, endsAt, lastEnd })
    return token
  }

  /** A token that somebody else has chosen; it does not end. */
  trust(token: string): void {
    this.#tokens.set(token, {
      ttl: 0,
      renewable: false,
      endsAt: Number.POSITIVE_INFINITY,
      lastEnd: Number.POSITIVE_INFINITY
    })
  }

  /** Nothing for a token that was never given, was revoked or has ended. */
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

  /** How many tokens were given and not revoked. */
  get size(): number {
    return this.#tokens.size
  }
}
