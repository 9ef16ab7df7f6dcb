package main

import (
	"os"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// wholeVariable makes tests run every case instead of a sample. That takes half an hour.
const wholeVariable = "CODEX_CRED_TEST_WHOLE"

// sampled reports whether to run case i: every case if wholeVariable is set, otherwise one in many if
// slow tests run, and one in few if not.
func sampled(i, few, many int) bool {
	switch {
	case os.Getenv(wholeVariable) == "1":
		return true
	case parts.Slow():
		return i%many == 0
	}
	return i%few == 0
}
