import { Clock, Effect, Either, Option, Schema } from "effect"
import { domainName } from "../../names/DomainName.ts"
import { CurrentCommandPlace } from "../commandLineFor.ts"
import { Instant } from "../Instant.ts"
import { InvocationDetail, InvocationDetails, isOpen } from "../InvocationDetails.ts"
import { commandsFor, SuggestedCommand } from "../invocationCommands.ts"
import { attempted, MissingSource, missingOf } from "../SourceUnavailable.ts"
import { UnknownSubject } from "../UnknownSubject.ts"
import { DomainRecord, DomainRecords } from "./DomainRecords.ts"

/** What is known about a custom domain and its certificate. */
export const DomainFacts = Schema.Struct({
  name: Schema.String,
  /** When it was read. */
  now: Instant,
  /** Null if the database is missing. */
  domain: Schema.NullOr(DomainRecord),
  /** The open invocation of the verification, else the newest: a check that is due later is scheduled. */
  verification: Schema.NullOr(InvocationDetail),
  /** The same of the issuance of certificates. */
  issuance: Schema.NullOr(InvocationDetail),
  /** Command lines that act on it now. */
  commands: Schema.Array(SuggestedCommand),
  missing: Schema.Array(MissingSource)
})
export type DomainFacts = typeof DomainFacts.Type

/** A row may also have a name that cannot be served. */
const canonical = (name: string): string =>
  Either.getOrElse(domainName(name), () => name.toLowerCase().replace(/\.$/, ""))

/** As typed, and as rows spell it. */
export const spellingsOf = (name: string): ReadonlyArray<string> => [
  ...new Set([name, canonical(name), `${canonical(name)}.`])
]

const newestOf = (service: string, keys: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const invocations = yield* InvocationDetails
    const [first] = yield* invocations.ofKeys({ service, keys, limit: 1 })
    return first === undefined ? null : Option.getOrNull(yield* invocations.of(first))
  })

const findInvocations = (spellings: ReadonlyArray<string>) =>
  Effect.all({
    verification: newestOf("hydra.v1.CustomDomainService", spellings),
    issuance: newestOf("hydra.v1.CertificateService", spellings)
  })

const none = { verification: null, issuance: null }

/** Reads what is known about a domain. A source that does not answer is listed as missing. */
export const domainFacts = (
  name: string
): Effect.Effect<DomainFacts, UnknownSubject, DomainRecords | InvocationDetails> =>
  Effect.gen(function* () {
    const records = yield* DomainRecords
    const place = yield* CurrentCommandPlace
    const now = yield* Clock.currentTimeMillis
    const spellings = spellingsOf(name)
    const stored = yield* attempted("database", records.find(spellings))
    const asked = yield* attempted("restate", findInvocations(spellings))
    const domain = Either.isRight(stored) ? Option.getOrNull(stored.right) : null
    const { issuance, verification } = Either.getOrElse(asked, () => none)
    const missing = missingOf([stored, asked])
    if (domain === null && ![issuance, verification].some((one) => one !== null && isOpen(one)))
      return yield* new UnknownSubject({ kind: "domain", name, missing })
    return {
      name: canonical(name),
      now,
      domain,
      verification,
      issuance,
      commands: [
        ...commandsFor(verification, "ends the verification as failed", place),
        ...commandsFor(issuance, "ends this attempt to issue a certificate", place)
      ],
      missing
    }
  })
