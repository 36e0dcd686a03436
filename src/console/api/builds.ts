import { Schema, Struct } from "effect"
import { BuildFacts } from "../../operations/build/BuildFacts.ts"
import { ListedBuild } from "../../operations/lists/BuildList.ts"
import { Answer, PageAnswer } from "./Answer.ts"

/** `GET /api/builds?after=&limit=`, newest first. */
export const BuildsAnswer = PageAnswer(ListedBuild)
export type ListedBuildJson = typeof ListedBuild.Encoded

/** `GET /api/builds/:id`. Its whole log is that of its deployment. */
export const BuildPage = Schema.Struct(Struct.omit(BuildFacts.fields, "missing"))
export const BuildAnswer = Answer(BuildPage)
export type BuildPageJson = typeof BuildPage.Encoded
