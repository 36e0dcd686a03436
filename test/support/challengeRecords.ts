import { ChallengeRecord } from "../../src/services/dns/ChallengeRecord.ts"

const made = (name: string, record: ChallengeRecord | null): ChallengeRecord => {
  if (record === null) throw new TypeError(`${name} is no name of a record`)
  return record
}

/** The record of a platform with this name as its apex: `_acme-challenge.app.example.com` and so on. */
export const recordAt = (name: string): ChallengeRecord => {
  const apex = name.replace(/^_acme-challenge\./i, "")
  return made(name, ChallengeRecord.ofPlatform(apex, [apex]))
}

/** The record of a customer whose label repeats one character. */
export const delegatedRecordAt = (character: string, delegationDomain: string): ChallengeRecord =>
  made(delegationDomain, ChallengeRecord.delegated(character.repeat(24), delegationDomain))
