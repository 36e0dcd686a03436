import { Args, Command } from "@effect/cli"
import { Effect, Logger, Option, Schema } from "effect"
import { DomainFacts, domainFacts } from "../operations/domain/DomainFacts.ts"
import { reportingFailures } from "./commandFailed.ts"
import { certificateLines, domainLines } from "./domainReport.ts"
import { factOptions } from "./factOptions.ts"
import { program } from "./program.ts"
import { printFrame, watching } from "./watch.ts"

/** The width of `custom_domains.domain`. */
const domain = Args.text({ name: "domain" }).pipe(
  Args.withSchema(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(256))),
  Args.withDescription("The domain, such as www.example.com.")
)

const toJson = Schema.encodeSync(DomainFacts)

/** Shows one side of a domain. Read-only; works without the database or without Restate. */
const domainCommandOf = <Name extends string>(
  name: Name,
  textLines: (facts: DomainFacts) => ReadonlyArray<string>,
  description: string
) =>
  Command.make(name, { domain, ...factOptions }, ({ adminUrl, domain, json, watch, ...own }) =>
    Effect.gen(function* () {
      const outer = yield* program
      const config = Option.orElse(own.config, () => outer.config)
      const { FactSources } = yield* Effect.promise(() => import("../composition/facts.ts"))
      const linesOf = (facts: DomainFacts) => (json ? [JSON.stringify(toJson(facts))] : textLines(facts))
      const read = Effect.map(domainFacts(domain), (facts) => ({
        lines: linesOf(facts),
        timeless: linesOf({ ...facts, now: 0 })
      }))
      const run = watch ? watching(read, { redraws: !json }) : Effect.flatMap(read, printFrame)
      yield* Effect.provide(run, FactSources({ config, adminUrl }))
    }).pipe(
      // Keeps log lines out of the output.
      Effect.provide(Logger.remove(Logger.defaultLogger)),
      reportingFailures(name)
    )
  ).pipe(Command.withDescription(description))

export const domainCommand = domainCommandOf(
  "domain",
  domainLines,
  "Shows the verification of a custom domain: what is verified, why the last check failed, when the next one is, its route and its certificate. Example: domain www.example.com."
)

export const certificateCommand = domainCommandOf(
  "certificate",
  certificateLines,
  "Shows the certificate of a custom domain: until when it is valid, its challenge, the current or last issuance and when it goes on. Example: certificate www.example.com."
)
