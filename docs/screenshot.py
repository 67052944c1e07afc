"""Makes docs/answer.svg: the app itself, on the demo, answering a question. Run: python docs/screenshot.py"""

import asyncio
import re
from pathlib import Path

from sqlagent_tui.assembly import Target
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.run import AppOptions, Parts

QUESTION = "Quantos imóveis rurais existem em cada estado?"
SIZE = (150, 42)
PATIENCE_SECONDS = 120.0


async def main() -> None:
    """Open the demo, ask, wait for the decision, save the picture."""
    parts = Parts(AppOptions(target=Target(demo=True)))
    app = SqlAgentApp(parts.services())
    async with app.run_test(size=SIZE) as pilot, asyncio.timeout(PATIENCE_SECONDS):
        await pilot.press(*QUESTION, "enter")
        while not app.settled:
            await pilot.pause(0.1)
        await pilot.pause(0.5)
        picture = app.export_screenshot()
    # A reader of the README is asked for no font from anywhere.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    Path(__file__).with_name("answer.svg").write_text(picture, encoding="utf-8")
    app.agent.close()
    app.user.close()
    parts.close()


if __name__ == "__main__":
    asyncio.run(main())
