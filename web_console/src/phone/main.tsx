/** The phone page: `/m`. */
import { createRoot } from 'react-dom/client'
import { Stopped } from '../session/Stopped'
import { Texts } from '../texts/useT'
import '../theme/aksel.css'
import '../theme/base.css'
import { PhonePage } from './PhonePage'
import './phone.css'

const root = document.getElementById('root')
if (!root) throw new Error('phone.html has no #root')
createRoot(root).render(
  <Texts>
    <Stopped>
      <PhonePage />
    </Stopped>
  </Texts>,
)
