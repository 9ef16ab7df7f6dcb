package process

import (
	"path/filepath"
	"testing"
)

func TestHomeOf(t *testing.T) {
	home := t.TempDir()
	mac, linux := filepath.Join(home, "Library", "Application Support"), filepath.Join(home, ".local", "share")
	for _, c := range []struct{ what, usual, variable, want string }{
		{"Linux", linux, "", linux},
		{"Linux, chosen", "/elsewhere", "/elsewhere", "/elsewhere"},
		{"macOS", mac, "", linux},
		{"macOS, chosen", "/elsewhere", "/elsewhere", "/elsewhere"},
		{"macOS, chosen as the system does", mac, mac, mac},
		{"macOS, a relative choice, which counts for nothing", mac, "relative", linux},
	} {
		getenv := func(name string) string { return map[string]string{"HOME": home, "XDG_DATA_HOME": c.variable}[name] }
		if got := Directory(c.usual, getenv, "XDG_DATA_HOME", ".local/share"); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
