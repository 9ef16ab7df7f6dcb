package wire

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// A Host is a place that a token may be sent to: https, or http on a literal loopback address, with one name and port.
// Hosts can be compared with ==. The zero value is not a host.
type Host struct {
	scheme, name, port string
}

const (
	schemeHTTPS = "https"
	schemeHTTP  = "http"
	// maxHost is the maximum length of a name in bytes (RFC 1035 section 2.3.4).
	maxHost = 253
)

// hostName reports whether a host can have the lower-case name.
func hostName(name string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyz0123456789_"
	if name == "" || strings.Trim(name, plain+".-") != "" {
		return false
	}
	last := len(name) - 1
	return strings.Trim(name[:1]+name[last:], plain) == ""
}

// ParseHost parses a host as people and programs write it: a name or a literal address, a port unless it is the
// default, and a scheme unless it is https, or http on a literal loopback address. A path is ignored. Anything else is
// [helper.ErrInvalid].
func ParseHost(text string) (Host, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Host{}, invalid("it holds characters that no host has")
	}
	bare := !strings.Contains(text, "://")
	if bare {
		text = schemeHTTPS + "://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Host{}, invalid("it does not parse")
	case u.User != nil:
		return Host{}, invalid("it has user information")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return Host{}, invalid("it has a query or a fragment")
	}
	h := Host{scheme: u.Scheme, name: strings.ToLower(u.Hostname()), port: u.Port()}
	if bare && loopback(h.name) {
		h.scheme = schemeHTTP
	}
	return h.normalize(u.Host)
}

// normalize validates the host and returns it in its canonical form. Written is the name and port as they appear in the
// URL.
func (h Host) normalize(written string) (Host, error) {
	ip, err := netip.ParseAddr(h.name)
	literal := err == nil && ip.Zone() == ""
	number, portErr := strconv.ParseUint(h.port, 10, 16)
	switch {
	case h.scheme != schemeHTTPS && h.scheme != schemeHTTP:
		return Host{}, invalid("it is not https")
	case !literal && !hostName(h.name), len(h.name) > maxHost, strings.Contains(h.name, ".."):
		return Host{}, invalid("it has no name that a host can have")
	case strings.HasSuffix(written, ":"), h.port != "" && (portErr != nil || number == 0):
		return Host{}, invalid("it has no port that a host can have")
	case h.scheme == schemeHTTP && !loopback(h.name):
		return Host{}, invalid("http is allowed only on 127.0.0.1 or [::1]")
	}
	if literal {
		h.name = ip.String()
	}
	h.port = strconv.FormatUint(number, 10)
	if number == 0 || h.port == defaultPort(h.scheme) {
		h.port = ""
	}
	return h, nil
}

func invalid(problem string) error {
	return fmt.Errorf("the host is %w: %s", helper.ErrInvalid, problem)
}

func loopback(name string) bool {
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback() && ip.Zone() == "" && !ip.Is4In6()
}

func defaultPort(scheme string) string {
	if scheme == schemeHTTP {
		return "80"
	}
	return "443"
}

// String returns the host as a URL, which ParseHost accepts.
func (h Host) String() string { return h.scheme + "://" + h.Address() }

// Address returns the host without its scheme: a name, and the port unless it is the default.
func (h Host) Address() string {
	name := h.name
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	if h.port != "" {
		name += ":" + h.port
	}
	return name
}

// Secure reports whether the host uses https.
func (h Host) Secure() bool { return h.scheme == schemeHTTPS }

// ChatGPT reports whether the host is one of ChatGPT's own back ends, the only ones that accept the tokens of a ChatGPT
// sign-in.
func (h Host) ChatGPT() bool { return h == Host{scheme: schemeHTTPS, name: "chatgpt.com"} }
