package hostid

func system() ioreg { return ioreg{path: "/usr/sbin/ioreg"} }
