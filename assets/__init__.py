"""Style sheets, scripts and icons of the pages; a package, so that an installation finds them."""
