import { Schema, Struct } from "effect"
import { DomainFacts } from "../../operations/domain/DomainFacts.ts"
import { ListedCertificate } from "../../operations/lists/CertificateList.ts"
import { ListedDomain } from "../../operations/lists/DomainList.ts"
import { Answer, PageAnswer } from "./Answer.ts"

/** `GET /api/domains?status=&project=&after=&limit=`, newest first. */
export const DomainsAnswer = PageAnswer(ListedDomain)
export type ListedDomainJson = typeof ListedDomain.Encoded

/** `GET /api/certificates?status=&after=&limit=`, newest first. */
export const CertificatesAnswer = PageAnswer(ListedCertificate)
export type ListedCertificateJson = typeof ListedCertificate.Encoded

/** `GET /api/domains/:name` and `GET /api/certificates/:name`. */
export const DomainPage = Schema.Struct(Struct.omit(DomainFacts.fields, "missing"))
export const DomainAnswer = Answer(DomainPage)
export type DomainPageJson = typeof DomainPage.Encoded
