package peeruser

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

func TestMain(m *testing.M) { reexec.Main(m, connect) }

// connect is a client in its own process with the given uid. It connects, prints a line, and holds
// the connection until its standard input closes.
func connect(args []string) error {
	uid, err := strconv.Atoi(args[0])
	if err == nil {
		err = syscall.Setuid(uid)
	}
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", args[1])
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(os.Stdout, "connected")
	_, _ = os.Stdin.Read(make([]byte, 1))
	return conn.Close()
}

// accepted returns the listener's end of a connection that dial makes to address.
func accepted(t *testing.T, address string, dial func(address string)) net.Conn {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dial(l.Addr().String())
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func lookupConn(t *testing.T, conn net.Conn) User {
	t.Helper()
	return Lookup(t.Context(), addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr()))
}

func addrPort(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }

func TestLookup_Self(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		var client net.Conn
		conn := accepted(t, address, func(to string) {
			var err error
			if client, err = net.Dial("tcp", to); err != nil {
				t.Fatal(err)
			}
		})
		if got := lookupConn(t, conn); got.Relation != Self || got.ID != strconv.Itoa(os.Geteuid()) {
			t.Errorf("%s: %+v, want this user", address, got)
		}
		_ = client.Close()
	}
}

// TestLookup_OtherUser checks that a client of another user is identified, whatever it does with
// its end.
func TestLookup_OtherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		parts.Need(t, "root", errors.New("only root can run a client as another user"))
	}
	const nobody = 65534
	var p *reexec.Process
	conn := accepted(t, "127.0.0.1:0", func(to string) {
		p = reexec.Start(t, strconv.Itoa(nobody), to)
		p.Want(t, "connected")
	})
	want := User{Relation: Other, ID: strconv.Itoa(nobody), Name: accountName(strconv.Itoa(nobody))}
	if got := lookupConn(t, conn); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := p.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = p.Cmd.Process.Wait()
	if got := lookupConn(t, conn); got.Relation != Gone {
		t.Errorf("after its end: %+v, want %v", got, Gone)
	}
}

// TestLookup_Closed covers connections that their program has closed: the kernel reports root as
// the owner.
func TestLookup_Closed(t *testing.T) {
	for name, linger := range map[string]int{"closed": -1, "reset": 0} {
		t.Run(name, func(t *testing.T) {
			conn := accepted(t, "127.0.0.1:0", func(to string) {
				client, err := net.Dial("tcp", to)
				if err != nil {
					t.Fatal(err)
				}
				_ = client.(*net.TCPConn).SetLinger(linger)
				_ = client.Close()
			})
			if got := lookupConn(t, conn); got.Relation != Gone {
				t.Errorf("%+v, want %v", got, Gone)
			}
		})
	}
}

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:05AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 100 1 0000000000000000 100 0 0 10 0
   1: 0100007F:05AF 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 101 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:C350 0100007F:05AF 01 00000000:00000000 00:00000000 00000000  1001        0 102 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:C351 0100007F:05AF 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0000000000000000
   4: 0100007F:05AF 0100007F:C352 01 00000000:00000000 00:00000000 00000000  1000        0 103 1 0000000000000000 20 4 30 10 -1
   5: 0100007F:05AF 0100007F:C353 08 00000000:00000000 00:00000000 00000000  1000        0 104 1 0000000000000000 20 4 30 10 -1
   6: 0000000000000000FFFF00000100007F:C354 0000000000000000FFFF00000100007F:05AF 01 00000000:00000000 00:00000000 00000000  1002        0 105 1 0000000000000000 20 4 30 10 -1
   7: cut
`

func TestSearch(t *testing.T) {
	for _, c := range []struct {
		name string
		port uint16 // of the client
		want socket
		open bool
	}{
		{"another user", 50000, socket{"1001", "102"}, true},
		{"a closed end shows root and no inode", 50001, socket{"0", "0"}, false},
		{"the other end is elsewhere", 50002, socket{}, true},
		{"the other end has closed", 50003, socket{}, false},
		{"IPv4 in the form of IPv6", 50004, socket{"1002", "105"}, true},
		{"no such connection", 50009, socket{}, false},
	} {
		local := netip.MustParseAddrPort("127.0.0.1:1455")
		remote := netip.AddrPortFrom(local.Addr(), c.port)
		got, open := search(strings.NewReader(table), local, remote)
		if got != c.want || c.want.inode == "" && open != c.open {
			t.Errorf("%s: %+v, open %v; want %+v, %v", c.name, got, open, c.want, c.open)
		}
	}
}

func TestHasUID(t *testing.T) {
	for _, c := range []struct {
		name, ranges, uid string
		want              bool
	}{
		{"the first namespace", "         0          0 4294967295\n", "65534", true},
		{"a container of one user", "0 1000 1\n", "65534", false},
		{"a container of 65536 users", "0 1000 1\n1 100000 65536\n", "65534", true},
		{"nothing that is understood", "?\n", "65534", false},
	} {
		if got := hasUID(c.ranges, c.uid); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
