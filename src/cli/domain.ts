import { Args, Command } from "@effect/cli"
import { Schema } from "effect"
import { DomainFacts, domainFacts } from "../operations/domain/DomainFacts.ts"
import { certificateLines, domainLines } from "./domainReport.ts"
import { factOptions } from "./factOptions.ts"
import { showFacts } from "./showFacts.ts"

/** The width of `custom_domains.domain`. */
const domain = Args.text({ name: "domain" }).pipe(
  Args.withSchema(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(256))),
  Args.withDescription("The domain, such as www.example.com.")
)

const toJson = Schema.encodeSync(DomainFacts)
const timeless = (facts: DomainFacts): DomainFacts => ({ ...facts, now: 0 })

/** Shows one side of a domain. Read-only; works without the database or without Restate. */
const domainCommandOf = <Name extends string>(
  name: Name,
  textLines: (facts: DomainFacts) => ReadonlyArray<string>,
  description: string
) =>
  Command.make(name, { domain, ...factOptions }, ({ domain, ...options }) =>
    showFacts(name, domainFacts(domain), { textLines, toJson, timeless }, options)
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
