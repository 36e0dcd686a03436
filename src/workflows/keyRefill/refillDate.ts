import { Either } from "effect"
import { InvalidRequest } from "../../contract/errors.ts"
import type { RefillDate } from "../../services/keyRefill/KeyRefillStore.ts"

const form = /^(\d{4})-(\d{2})-(\d{2})(-.*)?$/s

const lengthOfMonth = (year: number, month: number): number => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** The date in an object's key. The run is for that date, however late it starts. */
export const refillDate = (key: string): Either.Either<RefillDate, InvalidRequest> => {
  const [, year = "", month = "", day = ""] = form.exec(key) ?? []
  const monthNumber = Number(month)
  const dayOfMonth = Number(day)
  if (year === "") return refused("must be a date, YYYY-MM-DD")
  if (monthNumber < 1 || monthNumber > 12) return refused("must have a month from 01 to 12")
  const length = lengthOfMonth(Number(year), monthNumber)
  if (dayOfMonth < 1 || dayOfMonth > length) return refused(`must have a day from 01 to ${length}`)
  return Either.right({ day: `${year}-${month}-${day}`, dayOfMonth, isLastOfMonth: dayOfMonth === length })
}

const refused = (problem: string) => Either.left(new InvalidRequest({ field: "key", problem }))
