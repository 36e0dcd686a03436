import { Duration } from "effect"

/** What one neighbour may take of this worker. */
export interface Bounds {
  /** The name in logs and errors. */
  readonly neighbour: string
  /** Of one answer's body. */
  readonly maxBytes: number
  /** Of one call, from asking for a slot to the last byte of the answer. */
  readonly timeout: Duration.Duration
  /** Calls at once, and so connections. As many again may wait. */
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

/** Protocol version 2 answers with capabilities and an empty pack (gitprotocol-v2). */
export const git = bounds("git", 1 * MiB, "15 seconds", 32)

/** A commit comes with one of its files, and its message is as long as its author liked. Two calls fit into a step of 30 s. */
export const gitHub = bounds("github", 4 * MiB, "12 seconds", 32)

/** It keeps its data keys in S3 and may have to fetch one. */
export const unkeyVault = bounds("vault", 1 * MiB, "10 seconds", 64)

/** Vault answers in milliseconds. An operation makes two to six requests one after the other, and a step may take 30 s. */
export const hashicorpVault = bounds("vault", 1 * MiB, "5 seconds", 64)

/** Rows of a page; Restate's exceptions are a few KiB. Its own limit of time is `clickhouse.request_timeout`. */
export const clickhouse = (timeout: Duration.Duration) => bounds("clickhouse", 16 * MiB, timeout, 16)

/**
 * The list of deployments has the schemas of all handlers of all versions. A registration may take a slow start. The watch
 * over invocations looks every 30 s: a look without an answer ends before the next.
 */
export const restateAdmin = bounds("restate admin", 16 * MiB, "25 seconds", 4)

/** Answers of handlers have 256 KiB at most. */
export const restateIngress = bounds("restate ingress", 1 * MiB, "30 seconds", 16)

/** Slack answers within a second, or not at all, and with its status alone. */
export const slack = bounds("slack", 64 * KiB, "10 seconds", 8)

/** The status alone counts. */
export const heartbeat = bounds("heartbeat", 64 * KiB, "10 seconds", 8)

/** An answer names rejected spans at most (OTLP, "Partial Success"). */
export const collector = bounds("collector", 64 * KiB, "10 seconds", 2)

/** Of the check the status alone counts; a token is a signed claim of some kilobytes. */
export const registry = bounds("registry", 64 * KiB, "8 seconds", 4)

/** A chain of certificates has 4 KB to 10 KB. Three requests, which a call needs before a nonce is refused, stay under a step's 30 s. */
export const authority = bounds("certificate authority", 1 * MiB, "8 seconds", 32)

/** Pages of one record set or ten zones. */
export const route53 = bounds("route 53", 1 * MiB, "5 seconds", 16)
