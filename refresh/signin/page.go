package signin

import (
	"fmt"
	"net/http"
)

// show answers with a page that holds nothing but our own words, loads nothing,
// stays nowhere and tells no other site where it was.
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
	// A browser that is gone needs no page.
	_, _ = fmt.Fprintf(w, "<!doctype html>\n<html lang=\"en\"><title>codex-cred</title><p>%s</p></html>\n", text)
}
