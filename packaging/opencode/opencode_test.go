package opencode_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/packaging/opencode"
)

func TestPlugin(t *testing.T) {
	plugin := string(opencode.Plugin())
	if !opencode.IsPlugin([]byte(plugin)) {
		t.Error("the plugin is not known for ours")
	}
	if opencode.IsPlugin([]byte("// codex-cred of somebody else\n")) {
		t.Error("another file is taken for the plugin")
	}
	// What both sides write must be the same.
	for _, want := range []string{
		fmt.Sprintf("const MARKER = %q\n", opencode.Marker),
		fmt.Sprintf("const FAR = %d ", int64(opencode.Expires)),
		fmt.Sprintf("const VERIFY = %q\n", opencode.VerifyVariable),
		"./" + opencode.File,
	} {
		if !strings.Contains(plugin, want) {
			t.Errorf("the plugin does not contain %s", want)
		}
	}
}
