//go:build !darwin && !windows

package hostid

func system() files {
	return files{paths: []string{"/etc/machine-id", "/var/lib/dbus/machine-id"}}
}
