# The dashboard's static parts, embedded into the collector: our own, and uPlot as its authors minified it.
WEB = collector/web/dashboard.css collector/web/dashboard.js collector/web/icon.svg

COLLECTOR_GEN += build/gen/web_assets.c

build/gen/web_assets.c: scripts/embed-assets $(WEB) $(UPLOT_DEPS)
	@mkdir -p $(@D)
	@scripts/embed-assets $(WEB) $(UPLOT)/uPlot.iife.min.js $(UPLOT)/uPlot.min.css >$@
