package main

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
	"github.com/codex-cred/codex-cred/internal/machine/portholder"
	"github.com/codex-cred/codex-cred/refresh"
)

const (
	// reachTime bounds the request to one issuer.
	reachTime = 15 * time.Second
	// clockSlack is the clock error that a refresh allows.
	clockSlack = time.Minute
)

// checkIssuers checks that the issuer of every account answers, over the route
// that a refresh takes. Before the first sign-in it checks ChatGPT's.
func (d *doctor) checkIssuers(ctx context.Context) []finding {
	if d.offline {
		return []finding{skipped("nobody was asked, as --offline says")}
	}
	issuers, err := d.issuers(ctx)
	if err != nil {
		return []finding{problemFrom(err)}
	}
	if len(issuers) == 0 {
		return []finding{skipped("which issuer it is could not be read")}
	}
	var found []finding
	for _, iss := range issuers {
		found = append(found, d.reach(ctx, iss)...)
	}
	return found
}

// issuers returns the issuers of the accounts, each server once.
func (d *doctor) issuers(ctx context.Context) ([]helper.Issuer, error) {
	if len(d.have) == 0 {
		chatGPT, err := d.RefreshClient.Issuer(ctx, refresh.Settings{})
		return []helper.Issuer{chatGPT}, err
	}
	asked := map[string]bool{}
	var list []helper.Issuer
	for _, o := range d.have {
		iss := o.rec.Credential.Issuer
		place := refresh.RequestReach.Endpoint(iss)
		if o.err == nil && place != "" && !asked[place] {
			asked[place], list = true, append(list, iss)
		}
	}
	return list, nil
}

// reach sends a request to the issuer, and compares its clock with this
// computer's.
func (d *doctor) reach(ctx context.Context, iss helper.Issuer) []finding {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	defer d.NoticeAfter("waiting for the issuer to answer")()
	r, err := d.RefreshClient.Reach(ctx, iss)
	place := fault.Quote(refresh.RequestReach.Endpoint(iss))
	way, tryIt := "", "curl -I "+place
	if r.Proxy != "" {
		way, tryIt = " through the proxy "+r.Proxy,
			"set HTTPS_PROXY right, or unset it; try: curl -I -x "+fault.Quote(r.Proxy)+" "+place
	}
	switch {
	case errors.Is(err, refresh.ErrUntrusted):
		return []finding{problem(d.trustHint(),
			"%s%s shows a certificate of an authority that is not trusted here", r.Host, way)}
	case errors.Is(err, context.DeadlineExceeded):
		return []finding{problem(tryIt, "%s%s does not answer in %s", r.Host, way, terminal.Span(reachTime))}
	case err != nil:
		return []finding{problem(tryIt, "%s%s cannot be asked: %s", r.Host, way, terminal.OneLine(err.Error()))}
	}
	return []finding{fine("%s answers%s", r.Host, way), named("clock", clockOf(r))}
}

// trustHint says what to do about a certificate authority that is not trusted.
func (d *doctor) trustHint() string {
	if file := d.Getenv("SSL_CERT_FILE"); file != "" {
		return "add the certificate of your company's proxy to " + file + ", or unset SSL_CERT_FILE"
	}
	return "if your company's proxy looks into connections, set SSL_CERT_FILE to its certificate; else do not sign in on this network"
}

// clockOf compares this computer's clock with the server's, which is precise to
// a second.
func clockOf(r refresh.ReachResult) finding {
	var off time.Duration
	where := ""
	switch {
	case r.Date.IsZero():
		return skipped("%s does not tell its time", r.Host)
	case r.Date.After(r.Answered):
		off, where = r.Date.Sub(r.Answered), "behind"
	case r.Date.Add(time.Second).Before(r.Asked):
		off, where = r.Asked.Sub(r.Date), "ahead of"
	}
	if off > clockSlack {
		return problem(setClock(), "this computer's clock is %s %s that of %s: it cannot tell when a token ends",
			terminal.Span(off), where, r.Host)
	}
	return fine("right by that of %s", r.Host)
}

func setClock() string {
	switch runtime.GOOS {
	case "windows":
		return "w32tm /resync"
	case "darwin":
		return "sudo sntp -sS time.apple.com"
	}
	return "sudo timedatectl set-ntp true"
}

// checkRoots checks that there are trusted certificate authorities.
func (d *doctor) checkRoots(context.Context) []finding {
	if path := d.Getenv("SSL_CERT_FILE"); path != "" && runtime.GOOS != "windows" && runtime.GOOS != "darwin" {
		pem, _, err := configfile.ReadRegular(path)
		if errors.Is(err, helper.ErrUnsafe) {
			return []finding{problem("unset SSL_CERT_FILE", "SSL_CERT_FILE names a file that cannot be read: %s",
				terminal.Sanitize(err.Error()))}
		}
		if err != nil {
			return []finding{problem("unset SSL_CERT_FILE", "SSL_CERT_FILE names %s, which cannot be read",
				terminal.Sanitize(path))}
		}
		if !x509.NewCertPool().AppendCertsFromPEM(pem) {
			return []finding{problem("unset SSL_CERT_FILE", "SSL_CERT_FILE names %s, which holds no certificate",
				terminal.Sanitize(path))}
		}
	}
	pool, err := x509.SystemCertPool()
	if err != nil || pool.Equal(x509.NewCertPool()) {
		return []finding{problem("install ca-certificates, as with: sudo apt-get install ca-certificates",
			"there are no certificates of authorities, without which no issuer is trusted")}
	}
	if d.proxied() {
		return []finding{warning("if you do not know that proxy, unset both and sign in again",
			"HTTPS_PROXY and SSL_CERT_FILE replace the route and the trusted authorities: that proxy can read every token sent to the issuer")}
	}
	return []finding{fine("there are authorities to trust")}
}

// proxied reports whether the environment names both a proxy and the
// authorities to trust. Whether it did at the sign-in is not recorded. On macOS
// and Windows the system's authorities stay in force.
func (d *doctor) proxied() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return false
	}
	proxy := d.Getenv("HTTPS_PROXY") + d.Getenv("https_proxy")
	return proxy != "" && d.Getenv("SSL_CERT_FILE")+d.Getenv("SSL_CERT_DIR") != ""
}

// checkPorts checks the ports that a sign-in to ChatGPT redirects to. One free
// port is enough.
func (d *doctor) checkPorts(ctx context.Context) []finding {
	var found []finding
	for _, port := range []uint16{1455, 1457} {
		if holder, taken := takenBy(ctx, port); taken {
			found = append(found, warning("end it before a sign-in to ChatGPT, or use: codex-cred login --device",
				"%d is taken%s", port, holder))
		}
	}
	return orOK(found, "1455 and 1457 are free for a sign-in")
}

// takenBy reports whether the port is in use, and by which program, if the
// system says so.
func takenBy(ctx context.Context, port uint16) (holder string, taken bool) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		_ = l.Close()
		return "", false
	}
	if h, ok := portholder.Find(ctx, port); ok {
		return " by " + holderText(h), true
	}
	return "", true
}

// checkBrowser checks that a sign-in can open a browser.
func (d *doctor) checkBrowser(context.Context) []finding {
	const instead = "codex-cred login --device, or codex-cred login --no-browser"
	if !d.hasBrowser() {
		return []finding{warning(instead, "no browser can be opened here that you would see")}
	}
	choices := filepath.SplitList(d.Getenv("BROWSER"))
	for _, choice := range choices {
		words := strings.Fields(choice)
		if len(words) == 0 {
			continue
		}
		if path, err := exec.LookPath(words[0]); err == nil {
			return []finding{fine("%s", path)}
		}
	}
	if len(choices) > 0 {
		return []finding{warning("unset BROWSER, or "+instead, "BROWSER names no program that there is: %s",
			terminal.Sanitize(d.Getenv("BROWSER")))}
	}
	return []finding{fine("the one of this system")}
}
