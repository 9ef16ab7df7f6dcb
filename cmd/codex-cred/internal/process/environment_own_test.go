package process

import (
	"os"
	"testing"
)

// TestWithoutOurs: while a browser is started nothing of ours is in the environment,
// and afterwards all of it is.
func TestWithoutOurs(t *testing.T) {
	t.Setenv("CODEX_CRED_TOKEN", "token")
	t.Setenv("CODEX_CRED_HOME", "/home")
	t.Setenv("OTHER", "other")
	err := RunWithoutOurs(func() error {
		for _, name := range []string{"CODEX_CRED_TOKEN", "CODEX_CRED_HOME"} {
			if value, there := os.LookupEnv(name); there {
				t.Errorf("%s is %q", name, value)
			}
		}
		if os.Getenv("OTHER") != "other" {
			t.Error("what is not ours has gone")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("CODEX_CRED_TOKEN") != "token" || os.Getenv("CODEX_CRED_HOME") != "/home" {
		t.Error("what is ours has not come back")
	}
}
