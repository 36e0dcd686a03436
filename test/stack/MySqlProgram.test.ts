import { assert, describe, it } from "@effect/vitest"
import { isRecentMySql } from "../../dev/stack/MySqlProgram.ts"

describe("isRecentMySql", () => {
  it.each([
    ["mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", true],
    ["mysqld  Ver 8.4.6 for Linux on x86_64 (MySQL Community Server - GPL)", true],
    ["9.7.4-2", true],
    ["mysqld  Ver 8.0.43-0ubuntu0.24.04.1 for Linux on x86_64 ((Ubuntu))", false],
    ["mysqld  Ver 10.11.14-MariaDB-0+deb12u2 for debian-linux-gnu on x86_64 (Debian 12)", false],
    ["11.8.3-MariaDB", false],
    ["", false]
  ])("%s", (version, expected) => {
    assert.strictEqual(isRecentMySql(version), expected)
  })
})
