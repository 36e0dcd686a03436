import { ListedBuild } from "../../operations/lists/BuildList.ts"
import { PageAnswer } from "./Answer.ts"

/** `GET /api/builds?after=&limit=`, newest first. */
export const BuildsAnswer = PageAnswer(ListedBuild)
export type ListedBuildJson = typeof ListedBuild.Encoded
