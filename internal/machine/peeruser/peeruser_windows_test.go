package peeruser

import (
	"net"
	"testing"
)

func TestLookup_Self(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	local, remote := conn.LocalAddr().(*net.TCPAddr), conn.RemoteAddr().(*net.TCPAddr)
	if got := Lookup(t.Context(), local.AddrPort(), remote.AddrPort()); got.Relation != Self || got.ID == "" {
		t.Errorf("%+v, want this user", got)
	}
}
