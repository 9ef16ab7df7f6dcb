package main

import "testing"

func TestBrowserOn(t *testing.T) {
	const here, there = true, false
	for _, c := range []struct {
		system, variable, windows string
		want                      bool
	}{
		{"linux", "", "", there},
		{"linux", "DISPLAY", "", here},
		{"linux", "WAYLAND_DISPLAY", "", here},
		{"linux", "BROWSER", "", here},
		{"linux", "SSH_CONNECTION", "", there},
		{"linux", "", "wslview", here},
		{"linux", "SSH_CONNECTION", "wslview", there},
		{"darwin", "", "", here},
		{"darwin", "SSH_CONNECTION", "", there},
		{"windows", "", "", here},
		{"windows", "SSH_CONNECTION", "", there},
		{"freebsd", "", "", there},
	} {
		getenv := func(name string) string {
			if name == c.variable {
				return "set"
			}
			return ""
		}
		if got := browserOn(c.system, getenv, c.windows); got != c.want {
			t.Errorf("%s with %q and %q: %v, want %v", c.system, c.variable, c.windows, got, c.want)
		}
	}
}
