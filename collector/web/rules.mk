# The dashboard's static parts, embedded into the collector: our own, and uPlot as its authors minified it.
UPLOT = build/gen/uplot/uPlot.iife.min.js build/gen/uplot/uPlot.min.css
WEB = collector/web/dashboard.css collector/web/dashboard.js collector/web/icon.svg

COLLECTOR_GEN += build/gen/web_assets.c

build/gen/web_assets.c: scripts/embed-assets $(WEB) $(UPLOT)
	@mkdir -p $(@D)
	scripts/embed-assets $(WEB) $(UPLOT) >$@

$(UPLOT) &: scripts/deps.tsv
	@mkdir -p build/gen/uplot
	archive=$$(scripts/fetch-source uplot) && \
	    tar -xzf "$$archive" -C build/gen/uplot --strip-components=2 -m $(patsubst build/gen/uplot/%,package/dist/%,$(UPLOT))
	@touch $(UPLOT)
