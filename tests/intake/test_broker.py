import pytest

from alarmd.errors import CannotStart
from alarmd.intake.broker import Broker, read_url


@pytest.mark.parametrize(
    ("url", "is_"),
    [
        ("mqtt://broker", Broker("broker", 1883)),
        ("mqtts://broker", Broker("broker", 8883, tls=True)),
        ("mqtt://[::1]:1884/", Broker("::1", 1884)),
        ("mqtts://al%40rm:p%2Fw@broker:1", Broker("broker", 1, tls=True, user="al@rm", password="p/w")),
    ],
)
def test_urls(url: str, is_: Broker) -> None:
    assert read_url(url) == is_
    assert "p/w" not in repr(read_url(url))


@pytest.mark.parametrize("url", ["mqtt://", "http://x", "mqtt://u:pw@x:99999", "mqtt://u:pw@x/path", "mqtt://u:pw@[x"])
def test_wrong_urls_stop_the_start_without_showing_a_password(url: str) -> None:
    with pytest.raises(CannotStart, match="ALARMD_MQTT_URL") as fault:
        read_url(url)
    assert "pw" not in str(fault.value)
