package refresh

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
)

// Constants of RFC 1928 and RFC 1929.
const (
	socksVersion  = 5
	socksNoAuth   = 0
	socksPassword = 2
	socksConnect  = 1
	socksIPv4     = 1
	socksName     = 3
	socksIPv6     = 4
	// maxSocksText limits the length of a host, a user and a password in bytes.
	maxSocksText = 255
)

// socks asks a SOCKS 5 proxy for a connection to the address (RFC 1928). The proxy resolves the name.
func socks(conn net.Conn, proxy *url.URL, address string) error {
	password, _ := proxy.User.Password()
	user := proxy.User.Username()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || max(len(host), len(user), len(password)) > maxSocksText {
		return errors.New("the address, the user or the password is too long for it")
	}
	if err := socksGreet(conn, user, password); err != nil {
		return err
	}
	request := append([]byte{socksVersion, socksConnect, 0}, socksAddress(host)...)
	if _, err := conn.Write(append(request, byte(number>>8), byte(number))); err != nil {
		return err
	}
	return socksAnswer(conn)
}

// socksGreet negotiates the authentication method and authenticates.
func socksGreet(conn net.Conn, user, password string) error {
	greeting := []byte{socksVersion, 1, socksNoAuth}
	if user != "" {
		greeting = []byte{socksVersion, 2, socksNoAuth, socksPassword}
	}
	chosen, err := socksAsk(conn, greeting, 2)
	switch {
	case err != nil:
		return err
	case chosen[0] == socksVersion && chosen[1] == socksNoAuth:
		return nil
	case chosen[0] != socksVersion || chosen[1] != socksPassword || user == "":
		return errors.New("it speaks no SOCKS 5, or wants another proof of who asks")
	}
	proof := append([]byte{1, byte(len(user))}, user...)
	proof = append(append(proof, byte(len(password))), password...)
	status, err := socksAsk(conn, proof, 2)
	if err == nil && status[1] != 0 {
		err = errors.New("it refused the user and the password")
	}
	return err
}

// socksAsk writes ask and reads an answer of size bytes.
func socksAsk(conn net.Conn, ask []byte, size int) ([]byte, error) {
	if _, err := conn.Write(ask); err != nil {
		return nil, err
	}
	answer := make([]byte, size)
	_, err := io.ReadFull(conn, answer)
	return answer, err
}

func socksAddress(host string) []byte {
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return append([]byte{socksName, byte(len(host))}, host...)
	case ip.Unmap().Is4():
		return append([]byte{socksIPv4}, ip.Unmap().AsSlice()...)
	}
	return append([]byte{socksIPv6}, ip.WithZone("").AsSlice()...)
}

// socksAnswer reads the proxy's answer. The address in it is ignored.
func socksAnswer(conn net.Conn) error {
	head := make([]byte, 4)
	if _, err := io.ReadFull(conn, head); err != nil {
		return err
	}
	if head[0] != socksVersion || head[1] != 0 {
		return fmt.Errorf("it refused the connection (code %d of RFC 1928)", head[1])
	}
	size := map[byte]int{socksIPv4: net.IPv4len, socksIPv6: net.IPv6len}[head[3]]
	if head[3] == socksName {
		length := make([]byte, 1)
		if _, err := io.ReadFull(conn, length); err != nil {
			return err
		}
		size = int(length[0])
	}
	_, err := io.ReadFull(conn, make([]byte, size+2))
	return err
}
