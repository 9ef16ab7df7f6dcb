package peeruser

import (
	"net/netip"
	"os"
	"strconv"
	"testing"
)

func TestString(t *testing.T) {
	for _, c := range []struct {
		user User
		want string
	}{
		{User{Relation: Other, ID: "1001", Name: "mallory"}, "user 1001 (mallory)"},
		{User{Relation: Other, ID: "1001"}, "user 1001"},
		{User{}, "an unknown user"},
	} {
		if got := c.user.String(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.user, got, c.want)
		}
	}
}

func TestLookup_NoConnection(t *testing.T) {
	if got := Lookup(t.Context(), netip.AddrPort{}, netip.AddrPort{}); got != (User{}) {
		t.Errorf("%+v, want an unknown user", got)
	}
}

func TestParseLsof(t *testing.T) {
	const out = "p10\nu501\nf5\nn127.0.0.1:1455->127.0.0.1:50000\nf6\nn*:1455\n" +
		"p11\nu502\nf7\nn127.0.0.1:50000->127.0.0.1:1455\n" +
		"p12\nu503\nf9\nn[::1]:50001->[::1]:1455\n"
	for _, c := range []struct {
		name, local, remote, want string
	}{
		{"the client", "127.0.0.1:1455", "127.0.0.1:50000", "502"},
		{"of IPv6", "[::1]:1455", "[::1]:50001", "503"},
		{"a client that is not listed", "127.0.0.1:1455", "127.0.0.1:50001", ""},
	} {
		if got := parseLsof(out, netip.MustParseAddrPort(c.local), netip.MustParseAddrPort(c.remote)); got != c.want {
			t.Errorf("%s: uid %q, want %q", c.name, got, c.want)
		}
	}
}

func TestOfUID(t *testing.T) {
	self := strconv.Itoa(os.Geteuid())
	want := map[string]Relation{"": Unknown, "4242424": Other, "0": System}
	want[self] = Self // also if it is root
	for uid, relation := range want {
		if got := userOfUID(uid); got.Relation != relation || got.ID != uid {
			t.Errorf("uid %q: %+v, want relation %d", uid, got, relation)
		}
	}
}

func TestProcess(t *testing.T) {
	row4 := []byte{5, 0, 0, 0, 127, 0, 0, 1, 0xC3, 0x50, 0, 0, 127, 0, 0, 1, 0x05, 0xAF, 0, 0, 0x39, 0x30, 0, 0}
	table4 := append([]byte{2, 0, 0, 0}, append(make([]byte, 24), row4...)...)
	row6 := make([]byte, 56)
	row6[15], row6[20], row6[21], row6[39], row6[44], row6[45], row6[52] = 1, 0xC3, 0x50, 1, 0x05, 0xAF, 7
	table6 := append([]byte{1, 0, 0, 0}, row6...)
	local4, remote4 := netip.MustParseAddrPort("127.0.0.1:1455"), netip.MustParseAddrPort("127.0.0.1:50000")
	local6, remote6 := netip.MustParseAddrPort("[::1]:1455"), netip.MustParseAddrPort("[::1]:50000")
	for _, c := range []struct {
		name          string
		find          func([]byte, netip.AddrPort, netip.AddrPort) (uint32, bool)
		table         []byte
		local, remote netip.AddrPort
		want          uint32
	}{
		{"the client", process4, table4, local4, remote4, 12345},
		{"this end is not the client", process4, table4, remote4, local4, 0},
		{"a cut table", process4, table4[:40], local4, remote4, 0},
		{"no table", process4, nil, local4, remote4, 0},
		{"of IPv6", process6, table6, local6, remote6, 7},
		{"a cut table of IPv6", process6, table6[:50], local6, remote6, 0},
	} {
		if got, ok := c.find(c.table, c.local, c.remote); got != c.want || ok != (c.want > 0) {
			t.Errorf("%s: process %d, %v; want %d", c.name, got, ok, c.want)
		}
	}
}
