package testkeyring_test

import (
	"testing"

	"github.com/codex-cred/codex-cred/internal/testkeyring"
)

func TestStart(t *testing.T) {
	k := testkeyring.Start(t)
	t.Log(k.Env(), k.Items(t))
}
