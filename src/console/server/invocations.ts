import { HttpRouter } from "@effect/platform"
import { Clock, Effect, Either, Option, Schema } from "effect"
import { CurrentCommandPlace } from "../../operations/commandLineFor.ts"
import { deployInvocations } from "../../operations/deploy/deployInvocations.ts"
import { spellingsOf } from "../../operations/domain/DomainFacts.ts"
import { InvocationDetails } from "../../operations/InvocationDetails.ts"
import { InvocationJournal } from "../../operations/InvocationJournal.ts"
import { commandsFor } from "../../operations/invocationCommands.ts"
import { InvocationList, invocationFilters } from "../../operations/lists/InvocationList.ts"
import { resolveService } from "../../operations/resolveService.ts"
import { attempted, missingOf } from "../../operations/SourceUnavailable.ts"
import { InvocationAnswer, InvocationsAnswer, ServicesAnswer } from "../api/invocations.ts"
import { ApiProblem } from "./ApiProblem.ts"
import { answering } from "./answers.ts"
import { ConsoleSettings } from "./ConsoleSettings.ts"
import { pageAnswer } from "./pageAnswer.ts"
import { pageParameters, pathParameter, queryOf, Text } from "./parameters.ts"

const InvocationsQuery = Schema.Struct({
  ...pageParameters,
  status: Schema.optional(Schema.Literal(...invocationFilters)),
  service: Schema.optional(Text),
  q: Schema.optional(Text)
})

const invocationsAnswer = pageAnswer("restate", InvocationsAnswer)
const servicesAnswer = answering(ServicesAnswer)
const invocationAnswer = answering(InvocationAnswer)

/** The services of this worker, and those that Restate has invocations of. */
const knownServices = Effect.gen(function* () {
  const list = yield* InvocationList
  const { services: served } = yield* ConsoleSettings
  const asked = yield* attempted("restate", list.services)
  const found = Either.getOrElse(asked, () => [])
  return { names: [...new Set([...served, ...found])].toSorted(), missing: missingOf([asked]) }
})

/** The full name of a service, given in full or by its last part. */
const fullName = (asked: string | undefined) =>
  Effect.gen(function* () {
    if (asked === undefined || asked.includes(".")) return asked
    const { names } = yield* knownServices
    return yield* Effect.mapError(
      resolveService(asked, names),
      ({ suggestions }) => new ApiProblem({ status: 404, error: `there is no service ${asked}`, suggestions })
    )
  })

/** What a search means: an id, a key, a domain, or the invocations whose input names a deployment. */
const namesOf = (search: string | undefined) =>
  Effect.gen(function* () {
    if (search === undefined) return undefined
    const key = search.trim()
    const named = key.includes(".") ? spellingsOf(key) : [key]
    return key.startsWith("d_") ? [...named, ...(yield* Effect.orElseSucceed(deployInvocations(key), () => []))] : named
  })

const invocations = Effect.gen(function* () {
  const { after, limit, q, service: asked, status } = yield* queryOf(InvocationsQuery)
  const list = yield* InvocationList
  const service = yield* fullName(asked)
  return yield* invocationsAnswer(
    Effect.flatMap(namesOf(q), (named) => list.page({ status, service, named }, { after, limit }))
  )
})

const services = Effect.map(knownServices, ({ missing, names }) => servicesAnswer(names, missing))

const cancelled = "runs its compensations and fails with 409"

const invocation = Effect.gen(function* () {
  const id = yield* pathParameter("id")
  const details = yield* InvocationDetails
  const journals = yield* InvocationJournal
  const found = yield* attempted("restate", details.of(id))
  if (Either.isLeft(found)) return yield* new ApiProblem({ status: 503, error: found.left.message })
  if (Option.isNone(found.right))
    return yield* new ApiProblem({
      status: 404,
      error: `Restate does not know the invocation ${id}, or has forgotten it`
    })
  const detail = found.right.value
  const journal = yield* attempted("restate", journals.of(id))
  return invocationAnswer(
    {
      now: yield* Clock.currentTimeMillis,
      invocation: detail,
      journal: Either.getOrElse(journal, () => null),
      commands: commandsFor(detail, cancelled, yield* CurrentCommandPlace)
    },
    missingOf([journal])
  )
})

/** Invocations as Restate has them. */
export const invocationRoutes = HttpRouter.empty.pipe(
  HttpRouter.get("/api/invocations", invocations),
  HttpRouter.get("/api/invocations/:id", invocation),
  HttpRouter.get("/api/services", services)
)
