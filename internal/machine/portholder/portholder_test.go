package portholder

import "testing"

func TestParseLsof(t *testing.T) {
	for _, c := range []struct {
		what, out string
		want      Holder
	}{
		{"one process", "p4711\ncnode\nf23\n", Holder{PID: 4711, Name: "node"}},
		{"two processes", "p4711\ncnode\nf23\np4712\ncother\nf23\n", Holder{PID: 4711, Name: "node"}},
		{"a name with a space", "p1\ncCode Helper\n", Holder{PID: 1, Name: "Code Helper"}},
		{"nothing", "", Holder{}},
		{"something else", "lsof: no such option\n", Holder{}},
	} {
		if got, ok := parseLsof(c.out); got != c.want || ok != (c.want.PID > 0) {
			t.Errorf("%s: %+v, %v", c.what, got, ok)
		}
	}
}

func TestParseNetstat(t *testing.T) {
	const out = "\r\nActive Connections\r\n\r\n" +
		"  Proto  Local Address          Foreign Address        State           PID\r\n" +
		"  TCP    127.0.0.1:14550        0.0.0.0:0              LISTENING       1\r\n" +
		"  TCP    127.0.0.1:1455         127.0.0.1:50000        ESTABLISHED     2\r\n" +
		"  TCP    127.0.0.1:1455         0.0.0.0:0              ABHÖREN         4711\r\n" +
		"  TCP    [::1]:1457             [::]:0                 LISTENING       4712\r\n"
	for port, want := range map[uint16]int{1455: 4711, 1457: 4712, 1456: 0} {
		if got, ok := parseNetstat(out, port); got != want || ok != (want > 0) {
			t.Errorf("port %d: %d, %v; want %d", port, got, ok, want)
		}
	}
}

func TestParseTasklist(t *testing.T) {
	for out, want := range map[string]string{
		`"node.exe","4711","Console","1","45,678 K"` + "\r\n":                "node.exe",
		"INFO: No tasks are running which match the specified criteria.\r\n": "",
		"": "",
	} {
		if got := parseTasklist(out); got != want {
			t.Errorf("%q: %q, want %q", out, got, want)
		}
	}
}
