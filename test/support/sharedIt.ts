import { it, makeMethods } from "@effect/vitest"

// `layer` of @effect/vitest writes its own methods into `it`, which all files of a process share where they are not isolated.
makeMethods(it)
