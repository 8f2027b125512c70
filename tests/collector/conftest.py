"""No collector outlives the run that started it."""
import collector_lab


def pytest_sessionfinish():
    collector_lab.end_all()
