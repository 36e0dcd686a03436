import { Duration } from "effect"

/** Limits of calls to one remote service. */
export interface Bounds {
  /** The service's name in logs and errors. */
  readonly neighbour: string
  /** Maximum size of a response body. */
  readonly maxBytes: number
  /** Timeout of one call, including its wait for a slot and the whole response. */
  readonly timeout: Duration.Duration
  /** Concurrent calls, and so connections. As many again may wait. */
  readonly maxInFlight: number
}

const KiB = 1024
const MiB = 1024 * KiB

const bounds = <N extends string>(
  neighbour: N,
  maxBytes: number,
  timeout: Duration.DurationInput,
  maxInFlight: number
): Bounds & { readonly neighbour: N } => ({ neighbour, maxBytes, timeout: Duration.decode(timeout), maxInFlight })

/** Protocol version 2 returns capabilities and an empty pack (gitprotocol-v2). */
export const git = bounds("git", 1 * MiB, "15 seconds", 32)

/** A commit response includes one of its files and a message of any length. Two calls fit into a step of 30 s. */
export const gitHub = bounds("github", 4 * MiB, "12 seconds", 32)

/** The vault keeps its data keys in S3 and may have to fetch one. */
export const unkeyVault = bounds("vault", 1 * MiB, "10 seconds", 64)

/** Vault responds in milliseconds. An operation makes two to six sequential requests within a step of 30 s. */
export const hashicorpVault = bounds("vault", 1 * MiB, "5 seconds", 64)

/** Rows of a page; exceptions are a few KiB. The timeout is `clickhouse.request_timeout`. */
export const clickhouse = (timeout: Duration.Duration) => bounds("clickhouse", 16 * MiB, timeout, 16)

/**
 * The list of deployments contains the schemas of all handlers of all versions. A registration can take as long as a slow
 * start. The invocation watch polls every 30 s: a poll without a response ends before the next.
 */
export const restateAdmin = bounds("restate admin", 16 * MiB, "25 seconds", 4)

/** Responses of handlers are at most 256 KiB. */
export const restateIngress = bounds("restate ingress", 1 * MiB, "30 seconds", 16)

/** Slack usually responds within a second; only the status is used. */
export const slack = bounds("slack", 64 * KiB, "10 seconds", 8)

/** Only the status is used. */
export const heartbeat = bounds("heartbeat", 64 * KiB, "10 seconds", 8)

/** A response at most lists rejected spans (OTLP, "Partial Success"). */
export const collector = bounds("collector", 64 * KiB, "10 seconds", 2)

/** The check uses only the status; a token is a JWT of a few kilobytes. */
export const registry = bounds("registry", 64 * KiB, "8 seconds", 4)

/** A certificate chain has 4 KB to 10 KB. The three requests of a call without badNonce stay within a step's 30 s. */
export const authority = bounds("certificate authority", 1 * MiB, "8 seconds", 32)

/** Pages of one record set or ten zones. */
export const route53 = bounds("route 53", 1 * MiB, "5 seconds", 16)
