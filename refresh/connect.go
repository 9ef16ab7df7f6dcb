package refresh

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// connect opens a new connection to the request's server, through the configured proxy and TLS, ready for HTTP. Ctx
// limits only the connecting. The returned proxy is the one that needs the absolute URL in the request line; nil means
// none.
func (c *Client) connect(ctx context.Context, req *http.Request) (conn net.Conn, proxy *url.URL, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if c.Proxy != nil {
		if proxy, err = c.Proxy(req); err != nil {
			return nil, nil, err
		}
	}
	first := req.URL
	if proxy != nil {
		first = proxy
	}
	conn, err = new(net.Dialer).DialContext(ctx, "tcp", addressOf(first))
	if err != nil {
		return nil, nil, err
	}
	dialled := conn // conn may be replaced below
	stopCancel := context.AfterFunc(ctx, func() { _ = dialled.Close() })
	upper, httpProxy, err := c.handshake(ctx, conn, proxy, req.URL)
	if !stopCancel() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, nil, joinErrors(err, ctx.Err())
	}
	return upper, httpProxy, nil
}

// handshake performs the proxy's handshake, if there is a proxy, and TLS.
func (c *Client) handshake(
	ctx context.Context, conn net.Conn, proxy, target *url.URL,
) (upper net.Conn, httpProxy *url.URL, err error) {
	switch {
	case proxy == nil:
	case proxy.Scheme == "socks5", proxy.Scheme == "socks5h":
		err = socks(conn, proxy, addressOf(target))
	default:
		if proxy.Scheme == "https" {
			conn, err = c.startTLS(ctx, conn, proxy.Hostname())
		}
		if target.Scheme != "https" {
			httpProxy = proxy
		} else if err == nil {
			err = c.tunnel(conn, proxy, addressOf(target))
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the proxy %s: %w", proxy.Host, err)
	}
	if target.Scheme == "https" {
		conn, err = c.startTLS(ctx, conn, target.Hostname())
	}
	return conn, httpProxy, err
}

func (c *Client) startTLS(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	secured := tls.Client(conn, &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12, ServerName: host})
	return secured, secured.HandshakeContext(ctx)
}

// tunnel asks an HTTP proxy for a connection to the address (RFC 9110 section 9.3.6).
func (c *Client) tunnel(conn net.Conn, proxy *url.URL, address string) error {
	req := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address,
		Header: http.Header{"User-Agent": {c.UserAgent}},
	}
	setProxyAuthorization(req, proxy)
	if err := req.Write(conn); err != nil {
		return err
	}
	// The buffer holds no bytes of the server: a TLS server waits for the client.
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return errors.New("it gave no answer that can be read")
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return nil
}

// setProxyAuthorization adds the user and password of the proxy's URL to the request.
func setProxyAuthorization(req *http.Request, proxy *url.URL) {
	if u := proxy.User; u != nil {
		password, _ := u.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
}

// addressOf returns HOST:PORT of the URL.
func addressOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		switch u.Scheme {
		case "https":
			port = "443"
		case "socks5", "socks5h":
			port = "1080"
		default:
			port = "80"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}
