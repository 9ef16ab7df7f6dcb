package signin

import (
	"fmt"
	"net/http"
)

// show responds with a page of fixed text that loads nothing, is not cached and sends no referrer.
func show(w http.ResponseWriter, status int, text string) {
	for name, value := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"Referrer-Policy":         "no-referrer",
		"Cache-Control":           "no-store",
		"X-Content-Type-Options":  "nosniff",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	// A closed connection is no error.
	_, _ = fmt.Fprintf(w, "<!doctype html>\n<html lang=\"en\"><title>codex-cred</title><p>%s</p></html>\n", text)
}
